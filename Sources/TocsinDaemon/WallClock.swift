import CLinux
import Glibc
import TocsinCore

/// The time of day.
struct WallClock: Sendable {
    /// Now.
    func now() -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}
