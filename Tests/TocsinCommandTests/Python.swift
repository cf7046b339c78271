import Foundation
import TocsinTestSupport

/// The Python that `tools/install-test-python.sh` makes, with paho-mqtt and safetensors.
enum Python {
    private static let project = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static let path = project.appendingPathComponent(".build/python/bin/python3").path

    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: path) }

    static func fixture(_ name: String) -> String {
        project.appendingPathComponent("Tests/Fixtures/\(name)").path
    }

    static func start(_ arguments: [String]) throws -> RunningProgram {
        try RunningProgram(path, arguments)
    }
}
