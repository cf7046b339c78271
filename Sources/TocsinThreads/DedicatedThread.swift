import CLinux
import Glibc

/// Starts threads that do one thing until it is done.
///
/// All signals are blocked on them, so that the main thread alone meets them.
public enum DedicatedThread {
    /// Holds the calling thread for so long.
    public static func sleep(_ span: Duration) {
        var rest = timespec(
            tv_sec: Int(span.components.seconds),
            tv_nsec: Int(span.components.attoseconds / 1_000_000_000)
        )
        var left = timespec()
        while unsafe nanosleep(&rest, &left) != 0, errno == EINTR { rest = left }
    }

    /// Starts a thread of this name, at most 15 bytes; nobody can join it.
    public static func start(
        _ name: String,
        _ body: @escaping @Sendable () -> Void
    ) throws(ThreadError) {
        let retained = unsafe Unmanaged.passRetained(Start(name: name, body: body))
        var id = pthread_t()
        let code = unsafe pthread_create(&id, nil, threadMain, retained.toOpaque())
        guard code == 0 else {
            unsafe retained.release()
            throw ThreadError(call: "pthread_create", code: code)
        }
        pthread_detach(id)
    }
}

/// What a new thread is given.
private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

/// What pthread_create starts: takes over the reference it is given.
private func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
    var signals = sigset_t()
    unsafe sigfillset(&signals)
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    unsafe pthread_setname_np(pthread_self(), start.name)
    start.body()
    return nil
}
