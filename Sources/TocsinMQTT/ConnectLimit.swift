import CLinux
import Glibc

/// Calls something that may block in connect(2), and lets it block only for so long per address.
///
/// A host that drops packets holds connect(2) for two minutes, and the kernel's attempts within them lie
/// further and further apart: one that is back may wait half a minute for the next. libmosquitto has no
/// limit for that. (Its connect that does not block has its own faults: it gives up at the first of
/// several addresses.) So a timer sends a signal to this thread alone, and connect(2) fails with EINTR.
///
/// `errno` is as `body` left it. Must be called on a thread that blocks all signals.
func limited(to limit: Duration, _ body: () -> Int32) -> Int32 {
    ConnectAlarm.install()
    var timer: timer_t?
    guard unsafe clinux_thread_timer(ConnectAlarm.signal, &timer) == 0 else { return body() }
    var only = sigset_t()
    unsafe sigemptyset(&only)
    unsafe sigaddset(&only, ConnectAlarm.signal)

    let (seconds, attoseconds) = limit.components
    let span = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    // Again and again: each of several addresses has its time.
    var setting = itimerspec(it_interval: span, it_value: span)
    unsafe timer_settime(timer, 0, &setting, nil)
    unsafe pthread_sigmask(SIG_UNBLOCK, &only, nil)
    let result = body()
    let code = errno
    unsafe pthread_sigmask(SIG_BLOCK, &only, nil)
    unsafe timer_delete(timer)
    // One that came too late must not meet the next connect.
    var none = timespec()
    while unsafe sigtimedwait(&only, nil, &none) > 0 {}
    errno = code
    return result
}

private enum ConnectAlarm {
    /// A real-time signal that nobody else is likely to use.
    static let signal = __libc_current_sigrtmax() - 5

    /// Has it interrupt a call, and do nothing else; once for the process.
    static func install() { _ = isInstalled }

    private static let isInstalled: Bool = {
        var action = sigaction()
        // Without SA_RESTART, so that the call is not begun again.
        unsafe action.__sigaction_handler.sa_handler = { _ in }
        return unsafe sigaction(signal, &action, nil) == 0
    }()
}
