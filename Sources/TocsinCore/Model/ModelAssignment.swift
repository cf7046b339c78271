/// Which model judges which device: the first rule that fits.
public struct ModelAssignment: Sendable {
    /// One rule.
    public struct Rule: Sendable {
        /// The stream's name; `nil` for any.
        public var stream: String?
        /// The device's name, `*` for any characters, `?` for one.
        public var device: String
        /// What judges it.
        public var model: Model

        /// A rule.
        public init(stream: String? = nil, device: String = "*", model: Model) {
            self.stream = stream
            self.device = device
            self.model = model
        }
    }

    /// The rules, in order.
    public var rules: [Rule]

    /// An assignment.
    public init(_ rules: [Rule]) {
        self.rules = rules
    }

    /// The model of a device, if any rule fits.
    public func model(device: String, stream: String) -> Model? {
        rules.first { rule in
            (rule.stream == nil || rule.stream == stream)
                && Self.matches(Array(device.utf8)[...], Array(rule.device.utf8)[...])
        }?.model
    }

    /// Shell-like matching, with the usual trick of going back only to the last `*`.
    private static func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var t = text.startIndex
        var p = pattern.startIndex
        var star: (pattern: Int, text: Int)?
        while t < text.endIndex {
            if p < pattern.endIndex, pattern[p] == UInt8(ascii: "*") {
                star = (p, t)
                p += 1
            } else if p < pattern.endIndex,
                pattern[p] == text[t] || pattern[p] == UInt8(ascii: "?")
            {
                t += 1
                p += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                t = last.text + 1
                p = last.pattern + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
