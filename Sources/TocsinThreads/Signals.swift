import CLinux
import Glibc

/// Signals as something that a thread waits for, instead of something that interrupts one.
///
/// A blocked signal stays pending until somebody takes it, so none is lost, however early it comes
/// (signal(7), sigwait(3)).
public enum Signals {
    /// The signals that a daemon answers to.
    private static let watched = [SIGTERM, SIGINT, SIGHUP]

    /// Blocks the watched signals on this thread and on all that it starts; to be called before
    /// there is another thread.
    public static func block() {
        var set = watchedSet()
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for the next watched signal.
    public static func next() -> Int32 {
        var set = watchedSet()
        var number: Int32 = 0
        while unsafe sigwait(&set, &number) != 0 {}
        return number
    }

    private static func watchedSet() -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in watched { unsafe sigaddset(&set, signal) }
        return set
    }
}
