import Foundation
import Testing
import TocsinTestSupport
import TocsinThreads

@testable import TocsinDaemon

/// A server, and a thread that answers as the pipeline would: with the question.
private final class Asked: Sendable {
    let folder: TemporaryFolder
    let conductor: Mailbox<Event>
    let server: ControlServer

    init() throws {
        folder = try TemporaryFolder()
        conductor = try Mailbox()
        server = try ControlServer(path: folder.path("s"), conductor: conductor)
        try server.start()
        try DedicatedThread.start("answers") { [conductor] in
            let end = ContinuousClock.now + .seconds(30)
            while ContinuousClock.now < end {
                conductor.wait(.milliseconds(100))
                for case .request(let request, let reply) in conductor.take() {
                    switch request {
                    case .status: reply.give(Array("status".utf8))
                    case .inspect(let device): reply.give(Array("inspect \(device)".utf8))
                    }
                }
            }
        }
    }

    func ask(_ line: String) throws -> String {
        let client = try ControlClient(path: server.path)
        let answer = try client.ask(line)
        client.close()
        return String(decoding: answer, as: UTF8.self)
    }
}

struct ControlTests {
    @Test func `questions are answered, and anything else is told what may be asked`() throws {
        let asked = try Asked()
        #expect(try asked.ask("status") == "status")
        #expect(try asked.ask("inspect pump 1") == "inspect pump 1")
        let refusal = #"{"error":"expected 'status' or 'inspect DEVICE'"}"#
        for line in [
            "", "STATUS", "status ", "inspect", "reload", String(repeating: "x", count: 5_000),
            "\u{0}", "status\nstatus",
        ] {
            let answer = try asked.ask(line)
            #expect(answer == (line == "status\nstatus" ? "status" : refusal), "\(line.prefix(20))")
        }
    }

    @Test func `bytes that are no text, and a client that says nothing, do no harm`() throws {
        let asked = try Asked()
        for bytes in [[0xFF, 0xFE, 0x0A], [], [0x73, 0x74]] as [[UInt8]] {
            let client = connectedSocket(path: asked.server.path)
            #expect(client >= 0)
            _ = bytes.withUnsafeBytes { write(client, $0.baseAddress, $0.count) }
            close(client)
        }
        #expect(try asked.ask("status") == "status")
    }

    @Test func `a client that asks a letter at a time holds nobody up for long`() throws {
        let asked = try Asked()
        let slow = connectedSocket(path: asked.server.path)
        // A thread and not a task: tasks wait for each other where many tests block.
        try DedicatedThread.start("slow") {
            while "x".withCString({ send(slow, $0, 1, Int32(MSG_NOSIGNAL)) }) == 1 {
                usleep(100_000)
            }
            close(slow)
        }
        defer { shutdown(slow, Int32(SHUT_RDWR)) }
        usleep(150_000)
        let begin = ContinuousClock.now
        #expect(try asked.ask("status") == "status")
        #expect(.now - begin < .seconds(4))
    }

    @Test func `two servers do not share a socket, and one that is gone is replaced`() throws {
        let asked = try Asked()
        #expect {
            try ControlServer(path: asked.server.path, conductor: asked.conductor)
        } throws: { error in
            (error as? ControlError)?.code == EADDRINUSE
        }
        #expect(try asked.ask("status") == "status")
        asked.server.remove()
        #expect(throws: ControlError.self) { try asked.ask("status") }

        let folder = try TemporaryFolder()
        try leaveSocket(path: folder.path("s"))
        let server = try ControlServer(path: folder.path("s"), conductor: asked.conductor)
        let mode = try FileManager.default.attributesOfItem(atPath: server.path)[.posixPermissions]
        #expect(mode as? Int == 0o660)
    }

    @Test func `what is no socket is not replaced`() throws {
        let folder = try TemporaryFolder()
        let conductor = try Mailbox<Event>()
        try folder.write("precious", to: "s")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link"),
            withDestinationPath: folder.path("s")
        )
        for name in ["s", "link"] {
            #expect {
                try ControlServer(path: folder.path(name), conductor: conductor)
            } throws: { error in
                (error as? ControlError)?.code == EEXIST
            }
        }
        let left = try String(contentsOfFile: folder.path("s"), encoding: .utf8)
        #expect(left == "precious")
    }

    @Test func `clients that say nothing make room for one that asks`() throws {
        let asked = try Asked()
        var silent: [Int32] = []
        for _ in 0..<100 { silent.append(connectedSocket(path: asked.server.path)) }
        #expect(silent.allSatisfy { $0 >= 0 })
        #expect(try asked.ask("status") == "status")
        for client in silent { close(client) }
    }

    @Test func `a folder that is not there, and a path that is too long, are errors`() throws {
        let conductor = try Mailbox<Event>()
        #expect(throws: ControlError.self) {
            try ControlServer(path: "/nonexistent/s", conductor: conductor)
        }
        let long = "/tmp/" + String(repeating: "x", count: 200)
        #expect {
            try ControlServer(path: long, conductor: conductor)
        } throws: { error in
            (error as? ControlError)?.code == ENAMETOOLONG
        }
    }
}
