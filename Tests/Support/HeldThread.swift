import CLinux
import Foundation
import Synchronization

/// One thread of another process, kept from running while the others go on; takes root.
public final class HeldThread: Sendable {
    private let failure = Mutex<Int32>(0)
    private let isHeld = DispatchSemaphore(value: 0)
    private let isGone = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - name: the thread's
    ///   - process: as this process sees it
    public init(_ name: String, of process: Int32) throws {
        let folder = "/proc/\(process)/task"
        let thread = try FileManager.default.contentsOfDirectory(atPath: folder)
            .compactMap { Int32($0) }
            .first {
                try String(contentsOfFile: "\(folder)/\($0)/comm", encoding: .utf8) == "\(name)\n"
            }
        guard let thread else { throw WaitedInVain(what: "a thread '\(name)'", detail: folder) }
        // Only the thread that holds it may deal with it.
        Thread.detachNewThread { self.hold(thread) }
        isHeld.wait()
        let code = failure.withLock(\.self)
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EPERM) }
    }

    private func hold(_ thread: Int32) {
        var status: Int32 = 0
        // PTRACE_SEIZE and PTRACE_INTERRUPT of <sys/ptrace.h>, which stop nothing but this thread;
        // __WALL of <bits/waitflags.h>.
        let wall: Int32 = 0x4000_0000
        let isStopped =
            clinux_ptrace(0x4206, thread) == 0 && clinux_ptrace(0x4207, thread) == 0
            && waitpid(thread, &status, wall) == thread
        if !isStopped { failure.withLock { $0 = errno } }
        isHeld.signal()
        // The end of a process is complete only when whoever holds a thread of it has seen its end.
        while isStopped, waitpid(thread, &status, wall) == thread {}
        isGone.signal()
    }

    /// Waits until the process is gone, which it must be by then.
    public func waitForEnd() -> Bool { isGone.wait(timeout: .now() + .seconds(60)) == .success }
}
