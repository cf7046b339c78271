import TocsinCore

/// What is wrong with a configuration, and where.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The file; empty for text that came from nowhere.
    public var file: String
    /// Counted from 1; 0 where the file as a whole is meant.
    public var line: Int
    /// Counted from 1.
    public var column: Int
    /// The key's path, such as `broker.address`; empty where no key is meant.
    public var key: String
    /// What was found, and what was expected.
    public var problem: String

    public var description: String {
        let place = line > 0 ? "\(file):\(line):\(column)" : file
        return [place, key, problem].filter { !$0.isEmpty }.joined(separator: ": ").readable
    }
}
