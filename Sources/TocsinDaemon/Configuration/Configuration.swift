public import TocsinCore

/// Everything that can be set; a default stands once, as the property's value.
public struct Configuration: Sendable, Equatable {
    /// How to reach the broker.
    public var broker = Broker()
    /// Which messages are read; the first template that fits takes a message.
    public var streams = [
        Stream(name: "values", topic: "sensors/{device}/{channel}", format: .number),
        Stream(name: "objects", topic: "sensors/{device}", format: .json),
    ]
    /// Which model judges which device; the first that fits.
    public var models: [Model] = []
    /// Bounds of what is taken in.
    public var intake = Intake()
    /// When alerts ring.
    public var alerts = AlertPolicies()
    /// What is published.
    public var output = Output()
    /// What is kept across restarts.
    public var state = State()
    /// Where the running daemon answers questions.
    public var control = Control()

    /// The folder that relative paths start from.
    public var folder = "."

    /// Everything at its default.
    public init() {}

    /// Which messages are read, and how.
    public struct Stream: Sendable, Equatable {
        /// As in status messages and in `models`.
        public var name: String
        /// With `{device}` once, `{channel}` at most once, `+` and `#`.
        public var topic: String
        /// What the payload is.
        public var format: Format
        /// JSON: the dotted path of the event time; empty for the time of arrival.
        public var time = "time"
        /// JSON: the dotted paths that are channels; `nil` for all.
        public var channels: [String]?
        /// JSON in topics with `{channel}`: the dotted path of that channel's value.
        public var value = "value"

        /// What a payload is.
        public enum Format: String, Sendable, CaseIterable {
            case number
            case json
        }

        /// A stream.
        public init(name: String, topic: String, format: Format) {
            self.name = name
            self.topic = topic
            self.format = format
        }
    }

    /// Which model judges which device.
    public struct Model: Sendable, Equatable {
        /// The stream's name; empty for any.
        public var stream = ""
        /// The device's name; `*` for any characters, `?` for one.
        public var device = "*"
        /// The model file.
        public var file: String

        /// A rule.
        public init(file: String) {
            self.file = file
        }
    }

    /// Bounds of what is taken in.
    public struct Intake: Sendable, Equatable {
        /// The largest payload, in bytes.
        public var largestPayload = 1 << 20
        /// How far a sample's time may lie ahead of its arrival.
        public var furthestAhead = Duration.seconds(3600)
        /// How much longer than its period a frame waits for its samples.
        public var lateness = Duration.seconds(2)
        /// How many devices are watched at most.
        public var devices = 10_000
        /// How many bytes of messages wait at most.
        public var queueBytes = 16 << 20
        /// Over how many threads devices are spread; 0 for one less than there are cores.
        public var shards = 0
    }

    /// What is published.
    public struct Output: Sendable, Equatable {
        /// The first level of every topic.
        public var prefix = "tocsin"
        /// Which scores are published.
        public var scores = ScorePolicy()
        /// How often the daemon says how it is.
        public var healthInterval = Duration.seconds(60)
        /// How often each device's state is published; zero for never.
        public var stateInterval = Duration.seconds(300)
    }

    /// What is kept across restarts.
    public struct State: Sendable, Equatable {
        /// The folder; empty for `$STATE_DIRECTORY`, or nothing kept where that is not set.
        public var directory = ""
        /// How often it is saved.
        public var interval = Duration.seconds(60)
    }

    /// Where the running daemon answers questions.
    public struct Control: Sendable, Equatable {
        /// The path of its socket; empty for `$RUNTIME_DIRECTORY/tocsin.sock`, or none where that is
        /// not set.
        public var socket = ""
    }
}
