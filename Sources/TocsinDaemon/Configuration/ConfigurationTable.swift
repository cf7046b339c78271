import TocsinCore
import TocsinFiles

/// One table of a configuration file, read key by key.
///
/// Remembers which keys were asked for, so that ``rejectUnknownKeys()`` knows the others; the keys
/// that were asked for are at the same time the list of what was expected.
final class ConfigurationTable {
    private let file: String
    /// The path of this table, with a dot at its end; empty at the top.
    private let prefix: String
    private let line: Int
    private let column: Int
    private var entries: [(key: String, node: YAMLNode, at: YAMLNode)] = []
    private var asked: [String] = []

    /// Reads the text of a whole file.
    init(text: String, file: String) throws(ConfigurationError) {
        self.file = file
        prefix = ""
        (line, column) = (1, 1)
        let root: YAMLNode?
        do {
            root = try YAML.read(text)
        } catch {
            throw ConfigurationError(
                file: file,
                line: error.line,
                column: error.column,
                key: "",
                problem: "not YAML: \(error.problem)"
            )
        }
        guard let root, !root.isNull else { return }
        try take(root)
    }

    private init(_ node: YAMLNode, file: String, prefix: String) throws(ConfigurationError) {
        self.file = file
        self.prefix = prefix
        (line, column) = (node.line, node.column)
        try take(node)
    }

    private func take(_ node: YAMLNode) throws(ConfigurationError) {
        guard case .mapping(let mapping) = node.content else {
            throw error(node, key: "", "expected a table of keys and values")
        }
        var names: Set<String> = []
        for (key, value) in mapping {
            let name = key.text ?? ""
            if !names.insert(name).inserted {
                throw error(key, key: name, "stands twice")
            }
            entries.append((name, value, key))
        }
    }

    private func find(_ key: String) -> YAMLNode? {
        asked.append(key)
        return entries.first { $0.key == key }?.node
    }

    /// A text; `allowed`, if given, are the only ones.
    func string(_ key: String, allowed: [String]? = nil) throws(ConfigurationError) -> String? {
        guard let node = find(key) else { return nil }
        guard let text = node.text else { throw error(node, key: key, "expected a text") }
        if let allowed, !allowed.contains(text) {
            let list = allowed.joined(separator: ", ")
            throw error(
                node,
                key: key,
                "'\(text)' is not possible; expected one of \(list)"
                    + suggestion(text, allowed)
            )
        }
        return text
    }

    /// A whole number.
    func integer(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
        guard let node = find(key) else { return nil }
        let expected = "expected a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let text = node.text, let value = Int(text), range.contains(value) else {
            throw error(node, key: key, found(node) + expected)
        }
        return value
    }

    /// A number.
    func number(_ key: String, in range: ClosedRange<Double>) throws(ConfigurationError) -> Double?
    {
        guard let node = find(key) else { return nil }
        let expected = "expected a number from \(range.lowerBound) to \(range.upperBound)"
        guard let text = node.text, let value = Double(text), range.contains(value)
        else { throw error(node, key: key, found(node) + expected) }
        return value
    }

    /// A span, given in seconds.
    func seconds(_ key: String, in range: ClosedRange<Double>) throws(ConfigurationError)
        -> Duration?
    {
        guard let value = try number(key, in: range) else { return nil }
        return .microseconds(Int64((value * 1e6).rounded()))
    }

    /// A list of texts; or `nil` where the key is missing.
    func strings(_ key: String) throws(ConfigurationError) -> [String]? {
        guard let node = find(key) else { return nil }
        guard case .sequence(let sequence) = node.content else {
            throw error(node, key: key, found(node) + "expected a list of texts")
        }
        var strings: [String] = []
        for element in sequence {
            guard let text = element.text else {
                throw error(element, key: key, "expected a text")
            }
            strings.append(text)
        }
        return strings
    }

    /// Whether a key holds a list; without asking for it.
    func isList(_ key: String) -> Bool {
        guard case .sequence = entries.first(where: { $0.key == key })?.node.content else {
            return false
        }
        return true
    }

    /// A table within this one; an empty one counts as missing.
    func table(_ key: String) throws(ConfigurationError) -> ConfigurationTable? {
        guard let node = find(key), !node.isNull else { return nil }
        return try ConfigurationTable(node, file: file, prefix: "\(prefix)\(key).")
    }

    /// A list of tables; one with nothing behind its key counts as missing.
    func tables(_ key: String) throws(ConfigurationError) -> [ConfigurationTable]? {
        guard let node = find(key), !node.isNull else { return nil }
        guard case .sequence(let sequence) = node.content else {
            throw error(node, key: key, "expected a list of tables")
        }
        var tables: [ConfigurationTable] = []
        for (i, element) in sequence.enumerated() {
            tables.append(
                try ConfigurationTable(element, file: file, prefix: "\(prefix)\(key)[\(i)].")
            )
        }
        return tables
    }

    /// Throws for the first key that nobody asked for.
    func rejectUnknownKeys() throws(ConfigurationError) {
        guard let entry = entries.first(where: { !asked.contains($0.key) }) else { return }
        let expected = asked.joined(separator: ", ")
        throw ConfigurationError(
            file: file,
            line: entry.at.line,
            column: entry.at.column,
            key: prefix + entry.key,
            problem: "unknown key; expected one of \(expected)" + suggestion(entry.key, asked)
        )
    }

    /// An error about the value of `key`, or about this table where it has none.
    func error(_ key: String, _ problem: String) -> ConfigurationError {
        let node = entries.first { $0.key == key }?.node
        return ConfigurationError(
            file: file,
            line: node?.line ?? line,
            column: node?.column ?? column,
            key: prefix + key,
            problem: problem
        )
    }

    private func error(_ node: YAMLNode, key: String, _ problem: String) -> ConfigurationError {
        ConfigurationError(
            file: file,
            line: node.line,
            column: node.column,
            key: key.isEmpty && prefix.hasSuffix(".") ? String(prefix.dropLast()) : prefix + key,
            problem: problem
        )
    }

    private func found(_ node: YAMLNode) -> String {
        node.text.map { "found '\($0)'; " } ?? ""
    }

    private func suggestion(_ word: String, _ known: [String]) -> String {
        nearestName(to: word, among: known).map { "; did you mean '\($0)'?" } ?? ""
    }
}
