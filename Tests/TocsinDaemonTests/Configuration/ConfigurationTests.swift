import Foundation
import Testing
import TocsinCore
import TocsinTestSupport

@testable import TocsinDaemon

/// A file of the repository.
func repositoryFile(_ path: String) throws -> String {
    var root = URL(fileURLWithPath: #filePath)
    while root.lastPathComponent != "Tests" { root.deleteLastPathComponent() }
    root.deleteLastPathComponent()
    return try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
}

private func problem(_ text: String) -> String {
    do throws(ConfigurationError) {
        _ = try Configuration(text: text, file: "t.yaml")
        return "no error"
    } catch {
        return error.description
    }
}

struct ConfigurationTests {
    @Test func `the sample that is installed says what holds without it`() throws {
        let text = try repositoryFile("config/tocsin.yaml")
        #expect(try Configuration(text: text, file: "tocsin.yaml") == Configuration())
    }

    @Test func `an empty file, and one of comments, is everything at its default`() throws {
        for text in ["", "# nothing\n", "broker:\nstreams:\nmodels:\nalerts:\n  anomaly:\n"] {
            #expect(try Configuration(text: text, file: "") == Configuration())
        }
    }

    @Test func `a file that is no configuration is not read whole`() throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("t.yaml").path
        try Data(repeating: 0x20, count: (1 << 20) + 1).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: ConfigurationError.self) { try Configuration(file: path) }
        #expect(error?.problem.contains("File too large") == true)
    }

    @Test func `aliases do not make a small file large`() {
        let text = String(repeating: "x", count: 100_000)
        let aliases = Array(repeating: "*a", count: 1000).joined(separator: ", ")
        #expect(
            problem("streams: &a \(text)\nmodels: [\(aliases)]\n")
                == "t.yaml:1:10: not YAML: too large or too deep"
        )
        // Ten to the power of nine, if they were all written out.
        var bomb = "l0: &l0 [x]\n"
        for i in 1...9 {
            let ten = Array(repeating: "*l\(i - 1)", count: 10).joined(separator: ", ")
            bomb += "l\(i): &l\(i) [\(ten)]\n"
        }
        #expect(problem(bomb).hasSuffix("not YAML: too large or too deep"))
    }

    /// Every table of the sample, asked for a key that cannot be, says which there are.
    @Test func `the sample shows every key there is`() throws {
        let text = try repositoryFile("config/tocsin.yaml")
        let tables: [(path: [String], text: (String) -> String)] = [
            ([], { "\($0): 1\n" }),
            (["broker"], { "broker: {\($0): 1}\n" }),
            (["broker", "tls"], { "broker: {tls: {\($0): 1}}\n" }),
            (["streams"], { "streams: [{topic: 's/{device}', \($0): 1}]\n" }),
            (["models"], { "models: [{file: x, \($0): 1}]\n" }),
            (["intake"], { "intake: {\($0): 1}\n" }),
            (["alerts"], { "alerts: {\($0): 1}\n" }),
            (["alerts", "anomaly"], { "alerts: {anomaly: {\($0): 1}}\n" }),
            (["alerts", "drift"], { "alerts: {drift: {\($0): 1}}\n" }),
            (["alerts", "fault"], { "alerts: {fault: {\($0): 1}}\n" }),
            (["alerts", "silence"], { "alerts: {silence: {\($0): 1}}\n" }),
            (["output"], { "output: {\($0): 1}\n" }),
            (["state"], { "state: {\($0): 1}\n" }),
            (["control"], { "control: {\($0): 1}\n" }),
        ]
        for table in tables {
            let message = problem(table.text("zzzzzzzz"))
            let list = try #require(message.split(separator: "expected one of ").last)
            for key in list.split(separator: ", ") {
                // `models` is shown by an example in a comment.
                let pattern =
                    table.path == ["models"] ? "# +(- )?\(key):" : "(?m)^ *(- )?\(key):"
                let isShown = text.range(of: pattern, options: .regularExpression) != nil
                #expect(isShown, "\(table.path.joined(separator: ".")).\(key) is not in the sample")
            }
        }
    }

    @Test(arguments: [
        ("broker:\n  hots: x\n", "t.yaml:2:3: broker.hots: unknown key; expected one of address, "),
        ("brokr: 1\n", "t.yaml:1:1: brokr: unknown key; expected one of broker, "),
        ("broker: 5\n", "t.yaml:1:9: broker: expected a table of keys and values"),
        ("- 1\n", "t.yaml:1:1: expected a table of keys and values"),
        ("broker: [\n", "t.yaml:2:1: not YAML: "),
        (
            "broker: {address: a}\nbroker: {address: b}\n",
            "t.yaml:2:1: broker: stands twice"
        ),
        (
            "broker:\n  keep_alive_seconds: soon\n",
            "t.yaml:2:23: broker.keep_alive_seconds: found 'soon'; expected a number from 5.0 to 65535.0"
        ),
        (
            "intake: {devices: 1.5}\n",
            "t.yaml:1:19: intake.devices: found '1.5'; expected a whole number"
        ),
        (
            "intake: {devices: 0}\n",
            "t.yaml:1:19: intake.devices: found '0'; expected a whole number from 1 to"
        ),
        ("intake: {devices: [1]}\n", "t.yaml:1:19: intake.devices: expected a whole number"),
        (
            "alerts: {anomaly: {clear_level: .nan}}\n",
            "t.yaml:1:33: alerts.anomaly.clear_level: found '.nan'; expected a number from 0.0 to 1.0"
        ),
        (
            "broker: {protocol: 3.11}\n",
            "t.yaml:1:20: broker.protocol: '3.11' is not possible; expected one of auto, 5, 3.1.1; "
                + "did you mean '3.1.1'?"
        ),
        (
            "broker: {address: 'http://x'}\n",
            "t.yaml:1:19: broker.address: 'http://x' is no address"
        ),
        (
            "broker: {address: 'mqtt://u:secret@x'}\n",
            "t.yaml:1:19: broker.address: a user belongs under"
        ),
        ("broker: {client_id: ''}\n", "t.yaml:1:21: broker.client_id: is empty"),
        ("broker: {tls: {key: x}}\n", "broker.tls.certificate: certificate and key go together"),
        ("streams: []\n", "t.yaml:1:10: streams: is empty; expected at least one stream"),
        ("streams: x\n", "t.yaml:1:10: streams: expected a list of tables"),
        ("streams: [{name: a}]\n", "t.yaml:1:11: streams[0].topic: is missing"),
        ("streams: [{topic: a/b}]\n", "t.yaml:1:19: streams[0].topic: "),
        (
            "streams: [{topic: 's/{device}', format: number}]\n",
            "t.yaml:1:19: streams[0].topic: the format 'number' needs a level '{channel}'"
        ),
        (
            "streams:\n - {name: a, topic: 'a/{device}'}\n - {name: a, topic: 'b/{device}'}\n",
            "t.yaml:3:11: streams[1].name: two streams are called 'a'"
        ),
        ("models: [{device: x}]\n", "t.yaml:1:10: models[0].file: is missing"),
        (
            "models: [{file: x, stream: object}]\n",
            "t.yaml:1:28: models[0].stream: 'object' is not possible; expected one of values, objects; "
                + "did you mean 'objects'?"
        ),
        ("output: {prefix: 'a/#'}\n", "t.yaml:1:18: output.prefix: 'a/#' cannot begin a topic"),
        (
            "output: {score_change: -1}\n",
            "t.yaml:1:24: output.score_change: found '-1'; expected a number from 0.0 to 1000000.0"
        ),
        (
            "output: {score_level: high}\n",
            "t.yaml:1:23: output.score_level: found 'high'; expected a number from 0.0 to 1000000.0"
        ),
        (
            "output: {scores_per_second: 0.5}\n",
            "t.yaml:1:29: output.scores_per_second: found '0.5'; expected a whole number from 0 to 1000000"
        ),
        (
            "output: {score_per_second: 5}\n",
            "output.score_per_second: unknown key; expected one of "
        ),
        ("output: {prefix: ''}\n", "t.yaml:1:18: output.prefix: '' cannot begin a topic"),
        (
            "output: {prefix: \"a\\nb\"}\n",
            "t.yaml:1:18: output.prefix: 'a\u{FFFD}b' cannot begin a topic"
        ),
        (
            "models: [{file: \"a\\0b\"}]\n",
            "t.yaml:1:17: not YAML: a control character in a text"
        ),
        ("{\"a\\eb\": 1}\n", "t.yaml:1:2: not YAML: a control character in a text"),
        (
            "intake: {queue_bytes: 1048576}\n",
            "t.yaml:1:23: intake.queue_bytes: expected at least four times largest_payload_bytes, "
        ),
    ])
    func `what is wrong is said with file, line, column, key and expectation`(
        text: String,
        expected: String
    ) {
        let found = problem(text)
        #expect(found.contains(expected), "\(found)")
        #expect(!found.contains("\n"))
    }

    @Test func `the nearest key is named, and none where none is near`() {
        #expect(problem("broker: {adress: x}\n").hasSuffix("; did you mean 'address'?"))
        #expect(
            problem("output: {health_intervall_seconds: 1}\n").hasSuffix(
                "'health_interval_seconds'?"
            )
        )
        #expect(!problem("output: {x: 1}\n").contains("did you mean"))
    }

    @Test func `a file that is not there says what to do`() {
        #expect {
            try Configuration(file: "/nonexistent/tocsin.yaml")
        } throws: { error in
            "\(error)" == "'/nonexistent/tocsin.yaml': open: No such file or directory; "
                + "write one, or name another with --config"
        }
    }

    @Test func `relative paths start from the file's folder`() throws {
        let text = """
            broker: {address: "mqtts://h", tls: {authorities: ca.pem}}
            models: [{file: m}, {file: /n}]

            """
        let configuration = try Configuration(text: text, file: "/etc/t.yaml", folder: "/etc")
        #expect(configuration.models.map { configuration.resolve($0.file) } == ["/etc/m", "/n"])
        #expect(configuration.resolvedBroker.tls.authorities == "/etc/ca.pem")
        #expect(configuration.resolvedBroker.tls.certificate.isEmpty)
    }
}

struct BrokerAddressTests {
    @Test(arguments: [
        ("mqtt://h", "h", 1883, false), ("mqtts://h", "h", 8883, true), ("h", "h", 1883, false),
        ("h:9", "h", 9, false), ("mqtt://h:9/", "h", 9, false), ("mqtts://h:9", "h", 9, true),
        ("mqtt://[::1]", "::1", 1883, false), ("mqtt://[::1]:9", "::1", 9, false),
        ("mqtt://10.0.0.1:65535", "10.0.0.1", 65_535, false),
    ])
    func `addresses are read as people write them`(
        text: String,
        host: String,
        port: Int,
        isEncrypted: Bool
    ) {
        var expected = BrokerAddress("x")
        expected?.host = host
        expected?.port = port
        expected?.isEncrypted = isEncrypted
        #expect(BrokerAddress(text) == expected)
    }

    @Test func `a path is a socket`() {
        #expect(BrokerAddress("/run/mqtt.sock")?.path == "/run/mqtt.sock")
        #expect(BrokerAddress("unix:/run/mqtt.sock")?.path == "/run/mqtt.sock")
    }

    @Test(arguments: [
        "", "mqtt://", "http://h", "h:", "h:0", "h:65536", "h:x", "::1", "mqtt://h/path",
        "mqtt://u@h",
        "[::1", "[::1]x", ":1883",
    ])
    func `anything else is no address`(text: String) {
        #expect(BrokerAddress(text) == nil)
    }
}
