import Glibc
import TocsinFiles

/// Where a command's rows go: a file that is made anew, or standard output.
///
/// Standard output is written to as it is; opening `/dev/stdout` would empty a file that a shell
/// appends to.
enum OutputFile: ~Copyable {
    case file(AppendingFile)
    case standardOutput

    init(_ path: String?) throws {
        if let path { self = .file(try AppendingFile(path)) } else { self = .standardOutput }
    }

    /// Writes at the end.
    func append(_ bytes: [UInt8]) throws {
        switch self {
        case .file(let file): try file.append(bytes)
        case .standardOutput: try Files.write(bytes, descriptor: STDOUT_FILENO)
        }
    }
}
