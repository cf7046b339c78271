import CYaml

/// A value in a YAML document, and where it stands.
public struct YAMLNode: Sendable {
    /// What kind of value it is.
    public indirect enum Content: Sendable {
        /// A text; `isQuoted` if it was written as one and can be nothing else.
        case scalar(String, isQuoted: Bool)
        /// Values in order.
        case sequence([YAMLNode])
        /// Keys and values in order.
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    /// The value.
    public let content: Content
    /// Counted from 1.
    public let line: Int
    /// Counted from 1.
    public let column: Int

    /// The text of a scalar.
    public var text: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }

    /// Whether it says that there is no value: nothing at all, `~` or `null`.
    public var isNull: Bool {
        guard case .scalar(let text, isQuoted: false) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }
}

/// Why a text is no YAML.
public struct YAMLError: Error, Equatable, CustomStringConvertible {
    /// Counted from 1.
    public let line: Int
    /// Counted from 1.
    public let column: Int
    /// What is wrong there.
    public let problem: String

    public var description: String { "line \(line), column \(column): \(problem)" }
}

/// The YAML format (version 1.1), by libyaml, which knows where each value stands.
///
/// Yams would do the same with the same library, but brings Foundation along, and with it 44 MB.
public enum YAML {
    /// The value of a document; `nil` if it holds none.
    public static func read(_ text: String) throws(YAMLError) -> YAMLNode? {
        var parser = unsafe yaml_parser_t()
        guard unsafe yaml_parser_initialize(&parser) == 1 else {
            throw YAMLError(line: 1, column: 1, problem: "out of memory")
        }
        defer { unsafe yaml_parser_delete(&parser) }
        var document = unsafe yaml_document_t()
        let bytes = Array(text.utf8)
        // libyaml reads the bytes only while it loads.
        let isLoaded = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
            return unsafe yaml_parser_load(&parser, &document)
        }
        guard isLoaded == 1 else { throw unsafe error(of: parser) }
        defer { unsafe yaml_document_delete(&document) }
        guard let root = unsafe yaml_document_get_root_node(&document) else { return nil }
        var budget = 100_000
        return try unsafe node(root, &document, depth: 0, &budget)
    }

    /// Copies a node; aliases are copied, too, so their number is bounded.
    private static func node(
        _ source: UnsafeMutablePointer<yaml_node_t>,
        _ document: inout yaml_document_t,
        depth: Int,
        _ budget: inout Int
    ) throws(YAMLError) -> YAMLNode {
        let node = unsafe source.pointee
        let line = unsafe Int(node.start_mark.line) + 1
        let column = unsafe Int(node.start_mark.column) + 1
        budget -= 1
        guard budget > 0, depth < 32 else {
            throw YAMLError(line: line, column: column, problem: "too large or too deep")
        }
        func child(_ index: Int32) throws(YAMLError) -> YAMLNode {
            guard let next = unsafe yaml_document_get_node(&document, index) else {
                throw YAMLError(line: line, column: column, problem: "unreadable")
            }
            return try unsafe Self.node(next, &document, depth: depth + 1, &budget)
        }
        switch unsafe node.type {
        case YAML_SCALAR_NODE:
            let scalar = unsafe node.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            // A long text counts for many nodes: it, too, is copied for each of its aliases.
            budget -= bytes.count / 100
            let text = unsafe String(decoding: bytes, as: UTF8.self)
            // Only an escape can make one; C would read a text up to its first NUL.
            guard !text.unicodeScalars.contains(where: \.isControl) else {
                throw YAMLError(
                    line: line,
                    column: column,
                    problem: "a control character in a text"
                )
            }
            return YAMLNode(
                content: .scalar(
                    text,
                    isQuoted: unsafe scalar.style != YAML_PLAIN_SCALAR_STYLE
                ),
                line: line,
                column: column
            )
        case YAML_SEQUENCE_NODE:
            var elements: [YAMLNode] = []
            let items = unsafe node.data.sequence.items
            var item = unsafe items.start
            while let place = unsafe item, unsafe place < items.top {
                elements.append(try child(unsafe place.pointee))
                unsafe item = place + 1
            }
            return YAMLNode(content: .sequence(elements), line: line, column: column)
        default:
            var entries: [(key: YAMLNode, value: YAMLNode)] = []
            let pairs = unsafe node.data.mapping.pairs
            var pair = unsafe pairs.start
            while let place = unsafe pair, unsafe place < pairs.top {
                let key = try child(unsafe place.pointee.key)
                entries.append((key, try child(unsafe place.pointee.value)))
                unsafe pair = place + 1
            }
            return YAMLNode(content: .mapping(entries), line: line, column: column)
        }
    }

    private static func error(of parser: yaml_parser_t) -> YAMLError {
        let problem = unsafe parser.problem.map { unsafe String(cString: $0) }
        return unsafe YAMLError(
            line: Int(parser.problem_mark.line) + 1,
            column: Int(parser.problem_mark.column) + 1,
            problem: problem ?? "unreadable"
        )
    }
}

extension Unicode.Scalar {
    /// Whether it is a control character other than those that make white space.
    fileprivate var isControl: Bool {
        properties.generalCategory == .control && self != "\n" && self != "\t" && self != "\r"
    }
}
