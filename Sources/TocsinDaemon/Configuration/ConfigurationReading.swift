import TocsinCore
import TocsinFiles

extension Configuration {
    /// The largest file that is read, in bytes; that of ten thousand models is half as large.
    static let largestFile = 1 << 20

    /// Reads a configuration file.
    public init(file: String) throws(ConfigurationError) {
        let bytes: [UInt8]
        do {
            bytes = try Files.read(file, limit: Self.largestFile)
        } catch {
            throw ConfigurationError(
                file: "",
                line: 0,
                column: 0,
                key: "",
                problem: "\(error); write one, or name another with --config"
            )
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(file: file, line: 0, column: 0, key: "", problem: "not UTF-8")
        }
        let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
        try self.init(text: text, file: file, folder: folder)
    }

    /// Reads the text of a configuration file.
    public init(text: String, file: String, folder: String = ".") throws(ConfigurationError) {
        self.folder = folder
        let table = try ConfigurationTable(text: text, file: file)
        if let table = try table.table("broker") { broker = try Broker(table) }
        if let tables = try table.tables("streams") {
            guard !tables.isEmpty else {
                throw table.error("streams", "is empty; expected at least one stream")
            }
            streams = []
            for table in tables {
                let stream = try Stream(table)
                guard !streams.contains(where: { $0.name == stream.name }) else {
                    throw table.error("name", "two streams are called '\(stream.name)'")
                }
                streams.append(stream)
            }
        }
        if let tables = try table.tables("models") {
            models = []
            for table in tables { models.append(try Model(table, streams: streams.map(\.name))) }
        }
        if let table = try table.table("intake") { intake = try Intake(table) }
        if let table = try table.table("alerts") { alerts = try AlertPolicies(table) }
        if let table = try table.table("output") { output = try Output(table) }
        if let table = try table.table("state") { state = try State(table) }
        if let table = try table.table("control") { control = try Control(table) }
        try table.rejectUnknownKeys()
    }

    /// A path as the configuration means it.
    public func resolve(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }
}

extension Configuration.Stream {
    init(_ table: ConfigurationTable) throws(ConfigurationError) {
        guard let topic = try table.string("topic") else {
            throw table.error("topic", "is missing")
        }
        let template: TopicTemplate
        do {
            template = try TopicTemplate(topic)
        } catch {
            throw table.error("topic", "\(error)")
        }
        self.init(name: try table.string("name") ?? topic, topic: topic, format: .json)
        let formats = Format.allCases.map(\.rawValue)
        if let found = try table.string("format", allowed: formats) {
            format = Format(rawValue: found) ?? format
        }
        if format == .number, !template.namesChannel {
            throw table.error("topic", "the format 'number' needs a level '{channel}'")
        }
        time = try table.string("time") ?? time
        if table.isList("channels") {
            channels = try table.strings("channels")
        } else {
            _ = try table.string("channels", allowed: ["all"])
        }
        value = try table.string("value") ?? value
        try table.rejectUnknownKeys()
    }
}

extension Configuration.Model {
    init(_ table: ConfigurationTable, streams: [String]) throws(ConfigurationError) {
        guard let file = try table.string("file") else { throw table.error("file", "is missing") }
        self.init(file: file)
        if let found = try table.string("stream", allowed: streams) { stream = found }
        device = try table.string("device") ?? device
        try table.rejectUnknownKeys()
    }
}

extension Configuration.Intake {
    init(_ table: ConfigurationTable) throws(ConfigurationError) {
        largestPayload =
            try table.integer("largest_payload_bytes", in: 16...(256 << 20)) ?? largestPayload
        furthestAhead =
            try table.seconds("furthest_ahead_seconds", in: 0...31_536_000) ?? furthestAhead
        lateness = try table.seconds("lateness_seconds", in: 0...86_400) ?? lateness
        devices = try table.integer("devices", in: 1...1_000_000) ?? devices
        queueBytes = try table.integer("queue_bytes", in: (1 << 20)...(1 << 30)) ?? queueBytes
        shards = try table.integer("shards", in: 0...64) ?? shards
        guard largestPayload <= queueBytes / 4 else {
            throw table.error(
                "queue_bytes",
                "expected at least four times largest_payload_bytes, which is \(largestPayload)"
            )
        }
        try table.rejectUnknownKeys()
    }
}

extension AlertPolicies {
    init(_ table: ConfigurationTable) throws(ConfigurationError) {
        self.init()
        if let table = try table.table("anomaly") {
            if let budget = try table.number("budget_per_month", in: 0...100_000) {
                budgetPerMonth = budget == 0 ? nil : budget
            }
            try anomaly.read(table)
        }
        if let table = try table.table("drift") { try drift.read(table) }
        driftAfter = try table.seconds("drift_after_seconds", in: 0...31_536_000) ?? driftAfter
        if let table = try table.table("fault") { try fault.read(table) }
        if let table = try table.table("silence") {
            silence.afterPeriods =
                try table.integer("after_periods", in: 1...100_000) ?? silence.afterPeriods
            silence.atLeast =
                try table.seconds("at_least_seconds", in: 0...31_536_000) ?? silence.atLeast
            try table.rejectUnknownKeys()
        }
        try table.rejectUnknownKeys()
    }
}

extension AlertPolicy {
    mutating func read(_ table: ConfigurationTable) throws(ConfigurationError) {
        raiseAfter = try table.integer("raise_after_frames", in: 1...100_000) ?? raiseAfter
        clearAfter = try table.integer("clear_after_frames", in: 1...100_000) ?? clearAfter
        clearLevel = try table.number("clear_level", in: 0...1) ?? clearLevel
        if let span = try table.seconds("reminder_seconds", in: 0...31_536_000) {
            reminder = span == .zero ? nil : span
        }
        minimumGap = try table.seconds("minimum_gap_seconds", in: 0...31_536_000) ?? minimumGap
        try table.rejectUnknownKeys()
    }
}

extension Configuration.Output {
    init(_ table: ConfigurationTable) throws(ConfigurationError) {
        prefix = try table.string("prefix") ?? prefix
        guard prefix.isTopicPrefix else {
            throw table.error("prefix", "'\(prefix)' cannot begin a topic")
        }
        try scores.read(table)
        healthInterval =
            try table.seconds("health_interval_seconds", in: 1...86_400) ?? healthInterval
        stateInterval = try table.seconds("state_interval_seconds", in: 0...86_400) ?? stateInterval
        try table.rejectUnknownKeys()
    }
}

extension ScorePolicy {
    mutating func read(_ table: ConfigurationTable) throws(ConfigurationError) {
        interval = try table.seconds("score_interval_seconds", in: 0...86_400) ?? interval
        change = try table.number("score_change", in: 0...1_000_000) ?? change
        level = try table.number("score_level", in: 0...1_000_000) ?? level
        perSecond = try table.integer("scores_per_second", in: 0...1_000_000) ?? perSecond
    }
}

extension Configuration.State {
    init(_ table: ConfigurationTable) throws(ConfigurationError) {
        directory = try table.string("directory") ?? directory
        interval = try table.seconds("interval_seconds", in: 1...86_400) ?? interval
        try table.rejectUnknownKeys()
    }
}

extension Configuration.Control {
    init(_ table: ConfigurationTable) throws(ConfigurationError) {
        socket = try table.string("socket") ?? socket
        try table.rejectUnknownKeys()
    }
}
