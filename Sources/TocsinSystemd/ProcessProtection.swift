import CLinux
import Glibc

/// What a process that holds secrets asks of the kernel, once, before it reads them.
///
/// The password lies in its memory for as long as it runs: libmosquitto keeps a copy of its own, in
/// the clear, for the next connect, and so does OpenSSL of a client's key. Wiping ours would leave
/// those. So the whole memory is kept from others instead: no core is written, whatever `ulimit -c`
/// and core_pattern say, and a process of the same user can neither attach nor read
/// `/proc/PID/mem`, `maps` or `environ`. Root still can.
///
/// Source: prctl(2), PR_SET_DUMPABLE.
public enum ProcessProtection {
    /// Protects this process until it ends.
    public static func begin() {
        // Cannot fail for this value.
        _ = clinux_forbid_dumps()
        // A file that may not grow any more is an error to tell of, not a reason to die.
        signal(SIGXFSZ, SIG_IGN)
    }
}
