/// What can be fed with bytes from strangers.
enum FuzzTarget: String, CaseIterable {
    /// A payload: JSON and plain numbers.
    case json
    /// Topic templates, and topics.
    case topics
    /// Messages into a fleet of devices, and what is published of it.
    case intake
    /// The configuration file.
    case configuration
    /// A model file.
    case model
    /// The state file.
    case state
    /// A table, and its scores.
    case table
    /// A recording.
    case recording

    /// Feeds it; a finding is a trap.
    func run(_ bytes: [UInt8]) {
        switch self {
        case .json: fuzzJSON(bytes)
        case .topics: fuzzTopics(bytes)
        case .intake: fuzzIntake(bytes)
        case .configuration: fuzzConfiguration(bytes)
        case .model: fuzzModel(bytes)
        case .state: fuzzState(bytes)
        case .table: fuzzTable(bytes)
        case .recording: fuzzRecording(bytes)
        }
    }
}

/// A finding that is no trap by itself.
func check(_ condition: Bool, _ finding: @autoclosure () -> String) {
    guard !condition else { return }
    fatalError(finding())
}

extension [UInt8] {
    /// The parts between the bytes `mark`, at most `most` of them; the last keeps the rest.
    func parts(_ mark: UInt8, most: Int) -> [[UInt8]] {
        split(separator: mark, maxSplits: most - 1, omittingEmptySubsequences: false).map(
            Array.init
        )
    }
}
