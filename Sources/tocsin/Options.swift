public import ArgumentParser
import Glibc
public import TocsinCore
public import TocsinDaemon
import TocsinFiles
public import TocsinNN
import TocsinSimulation
public import TocsinTraining

/// How a command reaches the broker.
struct BrokerOptions: ParsableArguments {
    @Option(help: "mqtt://HOST[:PORT], mqtts://HOST[:PORT], or a socket's path.")
    var broker = "mqtt://localhost:1883"

    @Option(help: "The user name, if the broker wants one.")
    var username = ""

    @Option(help: "The file that holds the password.", completion: .file())
    var passwordFile: String?

    @Option(help: "The authorities that may vouch for the broker, PEM.", completion: .file())
    var caFile = ""

    /// Connects.
    func feed(
        name: String,
        filters: [String] = [],
        message: @escaping @Sendable (Span<UInt8>, Span<UInt8>, Bool) -> Void = { _, _, _ in }
    ) throws -> BrokerFeed {
        var settings = Configuration.Broker()
        settings.address = broker
        settings.clientID = "tocsin-\(name)-\(getpid())"
        settings.username = username
        settings.tls.authorities = caFile
        var password: String?
        if let passwordFile {
            let text = String(decoding: try Files.read(passwordFile), as: UTF8.self)
            password = text.hasSuffix("\n") ? String(text.dropLast()) : text
        }
        return try BrokerFeed(settings, password: password, filters: filters, message: message)
    }
}

/// A span such as `90s`, `45m`, `3h` or `2d3h`.
struct SpanArgument: ExpressibleByArgument {
    let duration: Duration

    init(duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        guard let duration = Duration(span: argument) else { return nil }
        self.duration = duration
    }
}

extension SpanArgument {
    var defaultValueDescription: String { duration.spanText }
}

extension CellKind: ExpressibleByArgument {}
extension WeightType: ExpressibleByArgument {}
extension DecoderKind: ExpressibleByArgument {}
extension ScalerMethod: ExpressibleByArgument {}
extension FrameClock.Fill: ExpressibleByArgument {}
extension RowMessage.Form: ExpressibleByArgument {}

/// Which recordings' messages count, for commands that read tables and recordings.
struct RecordingOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: "The configuration whose streams a recording is read by.",
        completion: .file(extensions: ["yaml"])
    )
    var config: String?

    @Option(help: "Which devices count; * for any characters, ? for one.")
    var device = "*"

    /// All rows of a table or a recording, with their devices' names.
    func rows(_ path: String, ignoring: [String] = []) throws -> (
        channels: [String], rows: [CSVReader.Row], hash: String
    ) {
        let bytes = try Files.readUnpacked(path)
        let hash = ModelFile.hash(bytes)
        let pattern = DevicePattern(device)
        do {
            if Tables.isRecording(path) {
                let streams = try Setup.streams(try ConfigurationOptions.read(config))
                let table = RecordedTable(
                    try Recording.decodeAll(bytes),
                    streams: streams,
                    devices: pattern
                )
                return (table.channels, table.rows, hash)
            }
            var reader = try CSVReader(bytes, ignoring: Set(ignoring))
            var rows: [CSVReader.Row] = []
            while var row = try reader.next() {
                if row.device.isEmpty { row.device = Tables.device(path) }
                if pattern.matches(row.device) { rows.append(row) }
            }
            return (reader.channels, rows, hash)
        } catch let error as CSVError {
            throw InFile(path: path, reason: error)
        } catch let error as RecordingError {
            throw InFile(path: path, reason: error)
        }
    }
}

/// Tables on disk.
enum Tables {
    /// Whether a file holds messages and not rows.
    static func isRecording(_ path: String) -> Bool {
        path.hasSuffix(".jsonl") || path.hasSuffix(".jsonl.gz")
    }

    /// A table, unpacked if need be; errors name it.
    static func open(_ path: String, ignoring: [String] = []) throws -> CSVReader {
        let bytes = try Files.readUnpacked(path)
        do {
            return try CSVReader(bytes, ignoring: Set(ignoring))
        } catch {
            throw InFile(path: path, reason: error)
        }
    }

    /// A path in which `%k` is replaced by a kind of device.
    static func path(_ path: String, kind: String) -> String {
        guard let mark = path.firstRange(of: "%k") else { return path }
        return path.replacingCharacters(mark, with: kind)
    }

    /// What a file's device is called where no column says so: its name without endings.
    static func device(_ path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        return file.split(separator: ".").first.map(String.init) ?? file
    }
}

extension String {
    fileprivate func replacingCharacters(_ range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
