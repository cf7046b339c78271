import Glibc
import TocsinFiles

// What the benches measure with.

/// The processor time that the calling thread has had, in seconds.
func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The process's resident memory in bytes; the second number of statm, in pages (proc(5)).
func residentBytes() -> Double {
    guard let bytes = try? Files.read("/proc/self/statm") else { return .nan }
    let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    guard fields.count > 1, let pages = Double(fields[1]) else { return .nan }
    return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
}

extension [Double] {
    /// The middle one; of an even number the upper of the two.
    var median: Double { sorted()[count / 2] }
}
