/// Why training cannot start.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
    /// No segment has two frames.
    case noData
    /// A segment, or the channel weights, have another number of channels than the network.
    case unexpectedChannels(expected: Int, found: Int)

    public var description: String {
        switch self {
        case .noData: "there is no stretch of two frames to train on"
        case .unexpectedChannels(let expected, let found):
            "the data have \(found) channels; the network expects \(expected)"
        }
    }
}
