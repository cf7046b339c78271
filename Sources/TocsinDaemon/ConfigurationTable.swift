import Yams

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
    private var entries: [(key: String, mark: Mark?, node: Node)] = []
    private var asked: [String] = []

    /// Reads the text of a whole file.
    init(text: String, file: String) throws(ConfigurationError) {
        self.file = file
        prefix = ""
        (line, column) = (1, 1)
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw Self.error(error, file: file)
        } catch {
            throw ConfigurationError(
                file: file,
                line: 0,
                column: 0,
                key: "",
                problem: "not YAML: \(error)"
            )
        }
        guard let root, root.null == nil || root.scalar?.string.isEmpty == false else { return }
        try take(root)
    }

    private init(_ node: Node, file: String, prefix: String) throws(ConfigurationError) {
        self.file = file
        self.prefix = prefix
        (line, column) = (node.mark?.line ?? 0, node.mark?.column ?? 0)
        try take(node)
    }

    private func take(_ node: Node) throws(ConfigurationError) {
        guard let mapping = node.mapping else {
            throw error(node, key: "", "expected a table of keys and values")
        }
        for (key, value) in mapping {
            let name = key.string ?? ""
            if entries.contains(where: { $0.key == name }) {
                throw error(key, key: name, "stands twice")
            }
            entries.append((name, key.mark, value))
        }
    }

    private func find(_ key: String) -> Node? {
        asked.append(key)
        return entries.first { $0.key == key }?.node
    }

    /// A text; `allowed`, if given, are the only ones.
    func string(_ key: String, allowed: [String]? = nil) throws(ConfigurationError) -> String? {
        guard let node = find(key) else { return nil }
        guard let scalar = node.scalar else { throw error(node, key: key, "expected a text") }
        if let allowed, !allowed.contains(scalar.string) {
            let list = allowed.joined(separator: ", ")
            throw error(
                node,
                key: key,
                "'\(scalar.string)' is not possible; expected one of \(list)"
                    + suggestion(scalar.string, allowed)
            )
        }
        return scalar.string
    }

    /// A whole number.
    func integer(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
        guard let node = find(key) else { return nil }
        let expected = "expected a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let text = node.scalar?.string, let value = Int(text), range.contains(value) else {
            throw error(node, key: key, found(node) + expected)
        }
        return value
    }

    /// A number.
    func number(_ key: String, in range: ClosedRange<Double>) throws(ConfigurationError) -> Double?
    {
        guard let node = find(key) else { return nil }
        let expected = "expected a number from \(range.lowerBound) to \(range.upperBound)"
        guard let text = node.scalar?.string, let value = Double(text), range.contains(value)
        else { throw error(node, key: key, found(node) + expected) }
        return value
    }

    /// Yes or no.
    func flag(_ key: String) throws(ConfigurationError) -> Bool? {
        guard let node = find(key) else { return nil }
        guard let value = node.bool else {
            throw error(node, key: key, found(node) + "expected true or false")
        }
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
        guard let sequence = node.sequence else {
            throw error(node, key: key, found(node) + "expected a list of texts")
        }
        var strings: [String] = []
        for element in sequence {
            guard let text = element.scalar?.string else {
                throw error(element, key: key, "expected a text")
            }
            strings.append(text)
        }
        return strings
    }

    /// Whether a key holds a list; without asking for it.
    func isList(_ key: String) -> Bool {
        entries.first { $0.key == key }?.node.sequence != nil
    }

    /// A table within this one; an empty one counts as missing.
    func table(_ key: String) throws(ConfigurationError) -> ConfigurationTable? {
        guard let node = find(key), !isEmpty(node) else { return nil }
        return try ConfigurationTable(node, file: file, prefix: "\(prefix)\(key).")
    }

    /// A list of tables; or `nil` where the key is missing.
    func tables(_ key: String) throws(ConfigurationError) -> [ConfigurationTable]? {
        guard let node = find(key) else { return nil }
        if isEmpty(node) { return [] }
        guard let sequence = node.sequence else {
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
            line: entry.mark?.line ?? line,
            column: entry.mark?.column ?? column,
            key: prefix + entry.key,
            problem: "unknown key; expected one of \(expected)" + suggestion(entry.key, asked)
        )
    }

    /// An error about the value of `key`, or about this table where it has none.
    func error(_ key: String, _ problem: String) -> ConfigurationError {
        let node = entries.first { $0.key == key }?.node
        return ConfigurationError(
            file: file,
            line: node?.mark?.line ?? line,
            column: node?.mark?.column ?? column,
            key: prefix + key,
            problem: problem
        )
    }

    private func error(_ node: Node, key: String, _ problem: String) -> ConfigurationError {
        ConfigurationError(
            file: file,
            line: node.mark?.line ?? line,
            column: node.mark?.column ?? column,
            key: key.isEmpty && prefix.hasSuffix(".") ? String(prefix.dropLast()) : prefix + key,
            problem: problem
        )
    }

    private func found(_ node: Node) -> String {
        node.scalar.map { "found '\($0.string)'; " } ?? ""
    }

    private func isEmpty(_ node: Node) -> Bool {
        node.scalar != nil && node.null != nil
    }

    private func suggestion(_ word: String, _ known: [String]) -> String {
        let nearest = known.min { editDistance(word, $0) < editDistance(word, $1) }
        guard let nearest, editDistance(word, nearest) <= max(2, word.count / 3) else { return "" }
        return "; did you mean '\(nearest)'?"
    }

    private static func error(_ error: YamlError, file: String) -> ConfigurationError {
        let (place, problem): (Mark?, String) =
            switch error {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                .composer(_, let problem, let mark, _):
                (mark, problem)
            case .duplicatedKeysInMapping(let duplicates, let context):
                (context.mark, "a key stands twice: \(duplicates.map(\.description).joined(separator: ", "))")
            default: (nil, "\(error)")
            }
        return ConfigurationError(
            file: file,
            line: place?.line ?? 0,
            column: place?.column ?? 0,
            key: "",
            problem: "not YAML: \(problem)"
        )
    }
}

/// How many letters must be added, left out or changed to get from one word to the other.
///
/// Source: Levenshtein 1966, with the row-by-row recurrence of Wagner and Fischer 1974.
private func editDistance(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var row = Array(0...b.count)
    for (i, letter) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for j in b.indices {
            let cost = letter == b[j] ? diagonal : diagonal + 1
            diagonal = row[j + 1]
            row[j + 1] = min(cost, min(row[j], diagonal) + 1)
        }
    }
    return row[b.count]
}
