/// A pattern for device names: `*` for any characters, `?` for one.
public struct DevicePattern: Sendable, Equatable {
    /// As written.
    public let text: String
    private let scalars: [Unicode.Scalar]

    /// A pattern.
    public init(_ text: String) {
        self.text = text
        scalars = Array(text.unicodeScalars)
    }

    /// Whether it fits all of `name`.
    ///
    /// Goes back only to the last `*`, so the time is bounded by the product of the lengths.
    public func matches(_ name: String) -> Bool {
        let name = Array(name.unicodeScalars)
        var n = 0
        var p = 0
        var star: (pattern: Int, name: Int)?
        while n < name.count {
            if p < scalars.count, scalars[p] == "*" {
                star = (p, n)
                p += 1
            } else if p < scalars.count, scalars[p] == name[n] || scalars[p] == "?" {
                n += 1
                p += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                n = last.name + 1
                p = last.pattern + 1
            } else {
                return false
            }
        }
        return scalars[p...].allSatisfy { $0 == "*" }
    }
}
