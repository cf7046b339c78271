import Foundation
import Testing
import TocsinTestSupport

struct WeightTypeTests {
    private func files() async throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try await command(
            "simulate --devices pump --duration 12h --period 30s -o t.csv",
            in: folder.url
        )
        for weights in ["f32", "f16"] {
            try await command(
                "train --data t.csv --updates 20 --no-comparison --weights \(weights)"
                    + " -o \(weights).safetensors",
                in: folder.url
            )
        }
        return folder
    }

    @Test func `half weights are asked for in training, and shown`() async throws {
        let folder = try await files()
        var sizes: [Int] = []
        for weights in ["f32", "f16"] {
            let shown = try await command("model show \(weights).safetensors", in: folder.url)
            #expect(shown.output.contains("\nweights             \(weights)\n"))
            #expect(shown.output.contains("golden sequence     reproduced"))
            let json = try await command(
                "model show --json \(weights).safetensors",
                in: folder.url
            )
            #expect(json.output.contains(#""weights":"\#(weights)""#))
            let model = folder.path("\(weights).safetensors")
            let scored = try await command("score --model \(model) --data t.csv", in: folder.url)
            #expect(scored.output.split(separator: "\n").count == 1 + 12 * 120)
            sizes.append(try Data(contentsOf: URL(fileURLWithPath: model)).count)
        }
        // LSTM 7 → 64 and a head of 7: 19,143 numbers of 4 bytes, or of 2.
        #expect(abs(sizes[0] - sizes[1] - 2 * 19_143) < 256)
    }

    @Test(.enabled(if: Python.isThere, "tools/install-test-python.sh makes it"))
    func `numpy reads half weights, and they are those of 32 bits, rounded`() async throws {
        let folder = try await files()
        let python = try Python.start([
            "-c",
            """
            import sys, numpy
            from safetensors.numpy import load_file
            single, half = (load_file(path) for path in sys.argv[1:])
            names = [name for name in half if half[name].dtype == numpy.float16]
            for name in names:
                assert numpy.array_equal(single[name].astype(numpy.float16), half[name]), name
            print(len(names))
            """,
            folder.path("f32.safetensors"), folder.path("f16.safetensors"),
        ])
        try await python.wait()
        #expect(python.standardError.isEmpty, "\(python.standardError)")
        #expect(python.standardOutput == "6\n")
    }
}
