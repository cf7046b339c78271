public import Foundation

/// Certificates that openssl makes for one test.
public enum TestCertificates {
    private static let openssl = "/usr/bin/openssl"

    public static var canBeMade: Bool { FileManager.default.isExecutableFile(atPath: openssl) }

    /// Two authorities, `ca` and `other`, and by the first one `server` for localhost and `client`.
    ///
    /// - Parameter hasExpired: whether the server's was good only until yesterday
    public static func make(in directory: URL, hasExpired: Bool = false) throws {
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        for name in ["ca", "other"] {
            try run(
                openssl,
                ["req", "-x509"] + curve
                    + ["-keyout", "\(name).key", "-out", "\(name).crt", "-subj", "/CN=\(name)"],
                in: directory
            )
        }
        for (name, subject) in [("server", "localhost"), ("client", "sensor")] {
            try "subjectAltName=DNS:\(subject)\n".write(
                to: directory.appendingPathComponent("\(name).ext"),
                atomically: true,
                encoding: .utf8
            )
            try run(
                openssl,
                ["req"] + curve
                    + ["-keyout", "\(name).key", "-out", "\(name).csr", "-subj", "/CN=\(subject)"],
                in: directory
            )
            try run(
                openssl,
                [
                    "x509", "-req", "-in", "\(name).csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                    "-CAcreateserial", "-extfile", "\(name).ext", "-out", "\(name).crt",
                ] + (hasExpired && name == "server" ? ["-days", "-1"] : []),
                in: directory
            )
        }
    }
}
