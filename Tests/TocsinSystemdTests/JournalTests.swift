import Foundation
import Logging
import Testing

@testable import TocsinSystemd

/// The round trip through a real systemd-journald, private to the test.
///
/// Other tests' threads must not be moved into another mount namespace, so the test runs this very
/// program once more, inside `private-journald.sh`, where only the second test is enabled.
struct JournalTests {
    private static let isInside = ProcessInfo.processInfo.environment["TOCSIN_TEST_JOURNAL"] != nil

    @Test(.enabled(if: canRunJournald, "no root, no unshare, or no systemd-journald"))
    func `what is logged comes out of journald as it went in`() throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/private-journald.sh")
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let command = """
            "$0" --testing-library swift-testing --filter TocsinSystemdTests.JournalTests >&2 || exit 1
            journalctl --sync
            journalctl --output=json --all --no-pager SYSLOG_IDENTIFIER=tocsin-test
            """
        let process = Process()
        process.executableURL = script
        process.arguments = ["bash", "-c", command, program]
        process.environment = ProcessInfo.processInfo.environment
            .merging(["TOCSIN_TEST_JOURNAL": "1"]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(
            decoding: try output.fileHandleForReading.readToEnd() ?? Data(),
            as: UTF8.self
        )
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)

        let lines = text.split(separator: "\n")
        #expect(lines.count == 501)
        let first = try #require(lines.first.map { Data($0.utf8) })
        let entry = try #require(JSONSerialization.jsonObject(with: first) as? [String: Any])
        let expected = [
            "MESSAGE": "two\nlines, ü", "PRIORITY": "5", "CODE_LINE": "42", "CODE_FUNC": "drain()",
            "CODE_FILE": "TocsinDaemon/Shards/Shard.swift", "TOCSIN_DEVICE": "pump-4",
            "MESSAGE_ID": "7d1b6a0e5c6f4e0c9c0b8d0f6a3e2b11", "LOWER_CASE": "kept",
        ]
        for (name, value) in expected { #expect(entry[name] as? String == value, "\(name)") }
    }

    @Test(.enabled(if: isInside, "runs inside the other test only"))
    func `inside the private journal`() {
        let writer = JournalWriter()
        let handler = JournalLogHandler(writer: writer, identifier: "tocsin-test")
        let metadata: Logger.Metadata = [
            "TOCSIN_DEVICE": "pump-4", "MESSAGE_ID": "7d1b6a0e5c6f4e0c9c0b8d0f6a3e2b11",
            "lower-case": "kept",
        ]
        handler.log(event: event("two\nlines, ü", level: .notice, metadata: metadata))
        for i in 0..<500 { handler.log(event: event("\(i)")) }
        #expect(writer.flush(within: .seconds(20)))
        #expect(writer.lost == 0)
    }

    private static var canRunJournald: Bool {
        !isInside && getuid() == 0
            && ["/lib/systemd/systemd-journald", "/usr/bin/unshare", "/usr/bin/journalctl"]
                .allSatisfy(FileManager.default.isExecutableFile(atPath:))
            && canUnshare
    }

    /// Root in a container may not be allowed to.
    private static let canUnshare: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments = ["--mount", "--propagation", "private", "true"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()
}
