import Foundation
import Testing
import TocsinTestSupport

/// Exit codes are those of sysexits.h: 64 usage, 65 data, 69 unavailable, 74 input or output,
/// 78 configuration.
struct CommandTests {
    @Test(arguments: [
        "nonsense", "train", "train --data x.csv", "run --nonsense", "inspect",
        "simulate --devices toaster", "simulate --start yesterday", "simulate --period soon",
        "simulate --devices pump room", "simulate --fault offset:nobody@1h", "model",
        "replay --data x.csv --format number --topic sensors/{device}",
        "replay --data x.csv --topic no/device", "train --data x.csv -o m --heads tail",
        "train --data x.csv -o m --channel a=b:2:1",
    ])
    func `a command that is used wrongly ends with 64 and says how it is used`(line: String)
        async throws
    {
        let folder = try TemporaryFolder()
        try folder.write("timestamp,a\n2026-01-01T00:00:00Z,1\n", to: "x.csv")
        let arguments = line.split(separator: " ").map(String.init)
        let outcome = try await BuiltBinary.run(arguments, in: folder.url)
        // `model` alone shows what there is, as every group of commands does.
        #expect(outcome.code == (line == "model" ? 0 : 64), "\(outcome)")
        #expect(!(outcome.error + outcome.output).contains("Fatal"))
        #expect(outcome.output.isEmpty == (line != "model"))
    }

    @Test(arguments: [
        "score --model none.safetensors --data x.csv", "model show none.safetensors",
        "train --data none.csv -o m", "simulate --duration 1h -o no/folder.csv", "model show .",
    ])
    func `a file that cannot be read or written ends with 74 and one line`(line: String)
        async throws
    {
        let outcome = try await run(line)
        #expect(outcome.code == 74, "\(outcome)")
        #expect(outcome.error.split(separator: "\n").count == 1)
        #expect(outcome.error.hasPrefix("tocsin: '"))
    }

    @Test(arguments: [
        "score --model pump.safetensors --data broken.csv",
        "score --model pump.safetensors --data other.csv", "score --model text --data x.csv",
        "train --data broken.csv -o m", "train --data other.csv -o m", "model show text",
        "model show empty", "train --data packed.csv.gz -o m",
    ])
    func `a file with wrong content ends with 65 and one line that names it`(line: String)
        async throws
    {
        let outcome = try await run(line)
        #expect(outcome.code == 65, "\(outcome)")
        #expect(outcome.error.split(separator: "\n").count == 1, "\(outcome.error)")
    }

    @Test(arguments: [
        "status --socket none", "inspect x --socket none", "status --socket x.csv",
        "replay --data other.csv --broker mqtt://127.0.0.1:1",
        "record --broker mqtt://127.0.0.1:1", "simulate --publish --broker mqtt://127.0.0.1:1",
    ])
    func `nobody there ends with 69 and one line`(line: String) async throws {
        let outcome = try await run(line)
        #expect(outcome.code == 69, "\(outcome)")
        #expect(outcome.error.split(separator: "\n").count == 1)
    }

    @Test(arguments: ["run", "check"])
    func `a wrong configuration ends with 78 and one line`(command: String) async throws {
        let folder = try TemporaryFolder()
        try folder.write("broker:\n  hots: localhost\n", to: "t.yaml")
        let outcome = try await BuiltBinary.run([command, "-c", "t.yaml"], in: folder.url)
        #expect(outcome.code == 78)
        #expect(
            outcome.error
                == "tocsin: t.yaml:2:3: broker.hots: unknown key; expected one of address, client_id, "
                + "username, password_file, keep_alive_seconds, session_expiry_seconds, protocol, "
                + "queued_messages, tls\n"
        )
        let missing = try await BuiltBinary.run([command, "-c", "none.yaml"], in: folder.url)
        #expect(missing.code == 78)
        #expect(missing.error.contains("No such file"))
    }

    @Test(arguments: ["run -c t.yaml", "check -c t.yaml", "model show m.safetensors"])
    func `a damaged model ends with 65 and one line, whatever is wrong with it`(line: String)
        async throws
    {
        let good = try Data(contentsOf: try await TrainedModel.files.model)
        let header = good[8...].range(of: Data("}}".utf8))?.upperBound ?? 0
        var damaged = good
        damaged[good.count - 5] ^= 0x7F
        var huge = good
        huge[7] = 0x7F
        let reshaped = Data(
            String(decoding: good[..<header], as: UTF8.self)
                .replacingOccurrences(of: "hidden", with: "hiddem").utf8
        )
        let cases: [(String, Data)] = [
            ("cut short", good[..<(good.count / 2)]), ("cut in its header", good[..<100]),
            ("empty", Data()), ("a header that claims the world", huge),
            ("other weights: its golden sequence fails", damaged),
            ("other names", reshaped + good[header...]),
        ]
        for (what, bytes) in cases {
            let folder = try TemporaryFolder()
            try bytes.write(to: folder.url.appendingPathComponent("m.safetensors"))
            try folder.write("models: [{file: m.safetensors}]\n", to: "t.yaml")
            let arguments = line.split(separator: " ").map(String.init)
            let outcome = try await BuiltBinary.run(arguments, in: folder.url)
            #expect(outcome.code == 65, "\(what): \(outcome)")
            #expect(outcome.error.split(separator: "\n").count == 1, "\(what): \(outcome.error)")
            #expect(outcome.error.contains("m.safetensors'"), "\(what): \(outcome.error)")
        }
    }

    @Test func `check says what the daemon would do`() async throws {
        let folder = try TemporaryFolder()
        let model = try await TrainedModel.files.model.path
        try folder.write("models: [{device: 'pump-*', file: \(model)}]\n", to: "t.yaml")
        let outcome = try await command("check -c t.yaml", in: folder.url)
        #expect(
            outcome.output == """
                broker: mqtt://localhost:1883
                stream values: sensors/{device}/{channel}, number
                stream objects: sensors/{device}, json
                model \(model): devices pump-* of any stream, 7 channels, golden sequence reproduced

                """
        )
    }

    @Test func `the same seed gives the same bytes, and another seed others`() async throws {
        let line =
            "simulate --devices pump:2 --duration 3h --period 30s --missing 0.1 "
            + "--jitter 2s --random-faults 2 --seed"
        let first = try await command("\(line) 7").output
        #expect(try await command("\(line) 7").output == first)
        #expect(try await command("\(line) 8").output != first)
        #expect(first.hasPrefix("timestamp,device,"))
        #expect(first.split(separator: "\n").count == 721)
    }

    @Test func `training twice gives the same file`() async throws {
        let folder = try TemporaryFolder()
        try await command("simulate --duration 12h --period 60s -o t.csv", in: folder.url)
        for name in ["a", "b"] {
            try await command(
                "train --data t.csv --updates 5 -o \(name)/m.safetensors",
                in: folder.url,
                making: folder.url.appendingPathComponent(name)
            )
        }
        let read = { (name: String) in
            try Data(contentsOf: folder.url.appendingPathComponent("\(name)/m.safetensors"))
        }
        #expect(try read("a") == read("b"))
    }

    @Test func `a score per frame, as CSV and as the daemon's messages`() async throws {
        let folder = try TemporaryFolder()
        let table = folder.path("t.csv")
        try await command("simulate --devices pump:2 --duration 1h --period 30s -o \(table)")
        let line = "score --model \(try await TrainedModel.files.model.path) --data \(table)"
        let csv = try await command(line).output.split(separator: "\n")
        #expect(csv[0].hasPrefix("timestamp,device,score,novelty,tail_probability,warm,share."))
        #expect(csv.count == 1 + 2 * 120)
        let json = try await command(line + " --json").output.split(separator: "\n")
        #expect(json.count == 2 * 120)
        let last = try #require(
            try JSONSerialization.jsonObject(with: Data(json[json.count - 1].utf8))
                as? [String: Any]
        )
        #expect(
            Set(last.keys) == [
                "device", "time", "score", "novelty", "threshold", "tail_probability", "warm",
                "channels", "expected", "imputed", "model",
            ]
        )
        let shares = try #require(last["channels"] as? [String: Double])
        #expect(abs(shares.values.reduce(0, +) - 1) < 1e-5)
    }

    @Test func `what reads no more ends a command without a word`() async throws {
        let folder = try TemporaryFolder()
        let table = folder.path("t.csv")
        try await command("simulate --devices pump --duration 6h --period 30s -o \(table)")
        let model = try await TrainedModel.files.model.path
        for line in [
            "simulate --duration 6h", "score --model \(model) --data \(table)", "--help",
        ] {
            let shell = try RunningProgram(
                "/bin/bash",
                [
                    "-c",
                    "\(BuiltBinary.path) \(line) | head -c 10 > /dev/null; echo ${PIPESTATUS[0]}",
                ]
            )
            try await shell.wait()
            #expect(shell.standardError.isEmpty, "\(line): \(shell.standardError)")
            // 141 is the shell's word for SIGPIPE.
            #expect(["0\n", "141\n"].contains(shell.standardOutput), "\(line)")
        }
    }

    @Test func `output is added to what a shell adds it to`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("kept\n", to: "out")
        let shell = try RunningProgram(
            "/bin/bash",
            ["-c", "\(BuiltBinary.path) simulate --duration 1h >> out"],
            in: folder.url
        )
        #expect(try await shell.wait() == 0)
        let text = try String(contentsOf: folder.url.appendingPathComponent("out"), encoding: .utf8)
        #expect(text.hasPrefix("kept\ntimestamp,"))
    }

    /// Runs a command in a folder with some files that are no good.
    private func run(_ line: String) async throws -> BuiltBinary.Outcome {
        let folder = try TemporaryFolder()
        try folder.write("timestamp,a\n2026-01-01T00:00:00Z,1\n", to: "x.csv")
        try folder.write("timestamp,flow\n2026-01-01T00:00:00Z,1\nnot a row\n", to: "broken.csv")
        try folder.write("timestamp,colour\n2026-01-01T00:00:00Z,1\n", to: "other.csv")
        try folder.write("hello, world", to: "text")
        try folder.write("", to: "empty")
        try (Data([0x1F, 0x8B]) + Data("no".utf8))
            .write(to: folder.url.appendingPathComponent("packed.csv.gz"))
        if line.contains("pump.safetensors") {
            try FileManager.default.copyItem(
                at: try await TrainedModel.files.model,
                to: folder.url.appendingPathComponent("pump.safetensors")
            )
        }
        let arguments = line.split(separator: " ").map(String.init)
        return try await BuiltBinary.run(arguments, in: folder.url)
    }
}

/// Runs a command after having made a folder for its output.
private func command(_ line: String, in directory: URL, making folder: URL) async throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try await command(line, in: directory)
}
