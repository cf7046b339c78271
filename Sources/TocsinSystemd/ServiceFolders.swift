import Glibc

/// The folders that systemd gives a service; each is `nil` where it gave none.
public struct ServiceFolders: Sendable {
    /// `$STATE_DIRECTORY`: kept across restarts.
    public var state: String?
    /// `$RUNTIME_DIRECTORY`: gone when the service is.
    public var runtime: String?
    /// `$CREDENTIALS_DIRECTORY`: secrets, one per file.
    public var credentials: String?

    /// As found in the process's environment.
    public init() {
        state = variable("STATE_DIRECTORY")
        runtime = variable("RUNTIME_DIRECTORY")
        credentials = variable("CREDENTIALS_DIRECTORY")
    }
}

private func variable(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
}
