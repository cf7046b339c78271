import ArgumentParser
import Glibc
import TocsinCore
import TocsinDaemon
import TocsinEvaluation
import TocsinFiles
import TocsinMQTT
import TocsinSimulation
import TocsinTraining

/// The exit codes of sysexits.h that tocsin uses.
enum SystemExit {
    static let usage = ExitCode(64)
    static let data = ExitCode(65)
    static let unavailable = ExitCode(69)
    static let inputOutput = ExitCode(74)
    static let configuration = ExitCode(78)
}

/// An error with the file that it is about.
struct InFile: Error, CustomStringConvertible {
    let path: String
    let reason: any Error

    var description: String { "'\(path)': \(reason)" }
}

/// Runs a command's work; an error becomes one line on standard error and an exit code.
func reporting(_ work: () throws -> Void) throws {
    do {
        try work()
    } catch let code as ExitCode {
        throw code
    } catch let error as ValidationError {
        // The parser's own, and said by it, together with how the command is used.
        throw error
    } catch let error as FileError where error.code == EPIPE {
        // Whoever read the output wants no more, and that is no error.
        throw ExitCode.success
    } catch {
        Console.note("\(error)")
        throw exitCode(of: error)
    }
}

private func exitCode(of error: any Error) -> ExitCode {
    switch error {
    case let error as InFile: exitCode(of: error.reason)
    case is ConfigurationError: SystemExit.configuration
    case is UnusableModel, is ModelFileError, is CSVError, is RecordingError, is DatasetError,
        is MissingChannels, is LabelError, is MQTTPublishRefusal:
        SystemExit.data
    case is BrokerUnavailable, is ControlError, is MQTTError: SystemExit.unavailable
    // The system had no objection: the content is at fault.
    case let error as FileError where error.code == 0: SystemExit.data
    case is FileError: SystemExit.inputOutput
    case is SimulationError, is TopicTemplateError: SystemExit.usage
    default: ExitCode.failure
    }
}

/// Standard output and standard error.
enum Console {
    /// Writes a line to standard error.
    static func note(_ text: String) {
        // Where standard error is closed there is nowhere to say so; the exit code still speaks.
        try? Files.write(Array("tocsin: \(text)\n".utf8), descriptor: STDERR_FILENO)
    }

    /// Writes to standard output.
    static func print(_ text: String) {
        write(Array("\(text)\n".utf8), STDOUT_FILENO)
    }

    /// Writes bytes; whoever closed the other end wants no more, and that is no error.
    static func write(_ bytes: [UInt8], _ descriptor: Int32) {
        do {
            try Files.write(bytes, descriptor: descriptor)
        } catch {
            exit(error.code == EPIPE ? 0 : SystemExit.inputOutput.rawValue)
        }
    }
}

/// A line that shows how far long work is: on a terminal only.
struct ProgressLine {
    private let isShown = isatty(STDERR_FILENO) == 1
    private var last: ContinuousClock.Instant?

    /// Shows `share`, 0 … 1, and what there is to say; not more than ten times a second.
    mutating func show(_ share: Double, _ text: @autoclosure () -> String) {
        guard isShown else { return }
        let now = ContinuousClock.now
        if let last, now - last < .milliseconds(100), share < 1 { return }
        last = now
        let width = 24
        let done = min(max(Int(share * Double(width)), 0), width)
        let bar =
            String(repeating: "█", count: done) + String(repeating: "░", count: width - done)
        let percent = Int((share * 100).rounded())
        Console.write(Array("\r\u{1B}[K\(bar) \(percent) % \(text())".utf8), STDERR_FILENO)
    }

    /// Takes the line away.
    func clear() {
        guard isShown, last != nil else { return }
        Console.write(Array("\r\u{1B}[K".utf8), STDERR_FILENO)
    }
}
