/// A pattern for device names: `*` for any characters, `?` for one byte.
public struct DevicePattern: Sendable, Equatable {
    /// As written.
    public let text: String
    private let bytes: [UInt8]

    /// A pattern.
    public init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    /// Whether it fits all of `name`.
    ///
    /// Goes back only to the last `*`, so the time is bounded by the product of the lengths.
    public func matches(_ name: String) -> Bool {
        let name = Array(name.utf8)
        var n = 0
        var p = 0
        var star: (pattern: Int, name: Int)?
        while n < name.count {
            if p < bytes.count, bytes[p] == UInt8(ascii: "*") {
                star = (p, n)
                p += 1
            } else if p < bytes.count, bytes[p] == name[n] || bytes[p] == UInt8(ascii: "?") {
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
        return bytes[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
