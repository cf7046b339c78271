import Foundation
import Logging
import Synchronization
import Testing

@testable import TocsinSystemd

/// A journal in memory, which can be told not to read.
private final class FakeJournal: Sendable {
    private let entries = Mutex<[JournalEntry]>([])
    private let gate = NSCondition()
    private let isStuck = Mutex(false)
    let isReading = DispatchSemaphore(value: 0)

    var messages: [String] {
        entries.withLock { $0.map { String($0.fields[0].dropFirst("MESSAGE=".count)) } }
    }

    var fields: [[String]] { entries.withLock { $0.map(\.fields) } }

    func take(_ entry: JournalEntry) -> Int32 {
        isReading.signal()
        gate.lock()
        while isStuck.withLock(\.self) { gate.wait() }
        gate.unlock()
        entries.withLock { $0.append(entry) }
        return 0
    }

    func set(stuck: Bool) {
        isStuck.withLock { $0 = stuck }
        gate.lock()
        gate.broadcast()
        gate.unlock()
    }
}

struct LogHandlerTests {
    @Test func `what the journal cannot take is counted, and said when it can`() throws {
        let journal = FakeJournal()
        journal.set(stuck: true)
        let writer = JournalWriter(limits: .init(entries: 3, bytes: 10_000)) { journal.take($0) }
        let logger = Logger(label: "t") { _ in JournalLogHandler(writer: writer) }
        logger.info("1")
        journal.isReading.wait()
        for i in 2...10 { logger.info("\(i)") }
        #expect(writer.lost == 7)
        #expect(!writer.flush(within: .milliseconds(20)))
        journal.set(stuck: false)
        #expect(writer.flush(within: .seconds(20)))
        #expect(
            Set(journal.messages)
                == ["1", "2", "3", "suppressed 7 entries while the journal was not reading"]
        )
        #expect(journal.fields.joined().contains("TOCSIN_SUPPRESSED=7"))
        logger.info("11")
        #expect(writer.flush(within: .seconds(20)))
        #expect(journal.messages.last == "11")
    }

    @Test func `the queue is bounded in bytes`() {
        let journal = FakeJournal()
        journal.set(stuck: true)
        let writer = JournalWriter(limits: .init(entries: 100, bytes: 5_000)) { journal.take($0) }
        let logger = Logger(label: "t") { _ in JournalLogHandler(writer: writer) }
        for _ in 0..<3 { logger.info("\(String(repeating: "x", count: 2_000))") }
        #expect(writer.lost == 1)
        journal.set(stuck: false)
        #expect(writer.flush(within: .seconds(20)))
    }

    @Test func `entries keep their order across threads' batches`() {
        let journal = FakeJournal()
        let writer = JournalWriter(limits: .init()) { journal.take($0) }
        let logger = Logger(label: "t") { _ in JournalLogHandler(writer: writer) }
        for i in 0..<5_000 { logger.info("\(i)") }
        #expect(writer.flush(within: .seconds(20)))
        #expect(journal.messages == (0..<5_000).map { "\($0)" })
        #expect(writer.lost == 0)
    }

    @Test func `an entry's own metadata goes before the logger's`() {
        let journal = FakeJournal()
        let writer = JournalWriter(limits: .init()) { journal.take($0) }
        var logger = Logger(label: "t") { _ in
            var handler = JournalLogHandler(writer: writer)
            handler.metadataProvider = Logger.MetadataProvider {
                ["A": "provider", "B": "provider"]
            }
            return handler
        }
        logger[metadataKey: "B"] = "logger"
        logger[metadataKey: "C"] = "logger"
        logger.info("x", metadata: ["C": "entry"])
        #expect(writer.flush(within: .seconds(20)))
        let fields = journal.fields.joined()
        #expect(fields.contains("A=provider") && fields.contains("B=provider"))
        #expect(fields.contains("C=entry"))
    }

    @Test func `standard error gets one line, with everything but the identifier`() throws {
        let metadata: Logger.Metadata = [
            "TOCSIN_DEVICE": "pump-4", "MESSAGE_ID": "7d1b", "TOCSIN_TOPIC": "a b=\"c\"",
        ]
        let line = try written(prefix: false) {
            $0.log(event: event("first\nsecond\u{1B}[31m", metadata: metadata))
        }
        #expect(
            line == #"warning: first\nsecond\u{1b}[31m TOCSIN_DEVICE=pump-4 "#
                + #"TOCSIN_TOPIC="a b=\"c\"""# + "\n"
        )
    }

    @Test func `journald can tell the level of a line from its prefix`() throws {
        #expect(
            try written(prefix: true) { $0.log(event: event("x", level: .error)) }
                == "<3>error: x\n"
        )
    }

    @Test func `the journal is chosen where it is connected and listens`() {
        func choice(_ wish: String?, connected: Bool, socket: Bool) -> LogChoice {
            LogChoice(
                wish: wish,
                isStreamConnected: connected,
                isErrorConnected: connected,
                hasSocket: socket
            )
        }
        #expect(choice(nil, connected: true, socket: true) == .journal)
        #expect(
            choice(nil, connected: false, socket: true) == .standardError(hasPriorityPrefix: false)
        )
        #expect(
            choice(nil, connected: true, socket: false) == .standardError(hasPriorityPrefix: true)
        )
        #expect(
            choice("stderr", connected: true, socket: true)
                == .standardError(hasPriorityPrefix: true)
        )
        #expect(choice("journal", connected: false, socket: true) == .journal)
        #expect(
            choice("journal", connected: false, socket: false)
                == .standardError(hasPriorityPrefix: false)
        )
    }

    private func written(prefix: Bool, _ log: (StandardErrorLogHandler) -> Void) throws -> String {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        log(StandardErrorLogHandler(hasPriorityPrefix: prefix, descriptor: descriptor))
        try pipe.fileHandleForWriting.close()
        return String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
    }
}
