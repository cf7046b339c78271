public import TocsinCore

/// A model file that was refused, and why.
public struct UnusableModel: Error, CustomStringConvertible {
    /// The file.
    public let path: String
    /// What is wrong with it.
    public let reason: ModelFileError

    public var description: String { "'\(path)': \(reason)" }
}
