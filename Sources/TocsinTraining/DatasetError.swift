/// Why nothing could be trained.
public enum DatasetError: Error, Equatable, CustomStringConvertible {
    /// The tables hold no rows.
    case noRows
    /// No device has two rows of different time.
    case noPeriod
    /// There are too few frames.
    case tooShort(frames: Int, needed: Int)
    /// The tables do not have the same channels.
    case differentChannels(file: String)
    /// A channel was named that no table has.
    case unknownChannel(String)
    /// The network cannot be built, or its training went wrong.
    case unusable(String)

    public var description: String {
        switch self {
        case .noRows: "the training data holds no rows"
        case .noPeriod: "no period: give one with --period"
        case .tooShort(let frames, let needed):
            "only \(frames) healthy frames; at least \(needed) are needed: record for longer"
        case .differentChannels(let file):
            "'\(file)' does not have the same channels as the first file"
        case .unknownChannel(let name): "no file has a channel '\(name)'"
        case .unusable(let reason): reason
        }
    }
}
