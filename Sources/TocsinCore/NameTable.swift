/// Names and their numbers: 0, 1, 2 … in the order in which they came.
///
/// Looks up a name by its bytes, so that the hot path needs no `String`. Open addressing with linear
/// probing over a power of two at most half full; the hash has a seed drawn at start, since device
/// names come from outside.
public struct NameTable: Sendable {
    /// The names, by number.
    public private(set) var names: [String] = []

    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    private var slots: [Int32]
    private let seed: UInt64
    /// Changes with every new name; a copy has the same as long as both have the same names.
    public private(set) var identity: UInt64

    /// An empty table.
    public init() {
        slots = Array(repeating: -1, count: 16)
        seed = UInt64.random(in: .min ... .max)
        identity = seed
    }

    /// A table of `names`; a name that stands twice keeps its first number.
    public init(_ names: [String]) {
        self.init()
        for name in names { insert(name) }
    }

    /// How many names there are.
    public var count: Int { names.count }

    /// The number of `name`, or `nil`; does not allocate.
    public func find(_ name: Span<UInt8>) -> Int? {
        var slot = Int(truncatingIfNeeded: hash(name)) & (slots.count - 1)
        while slots[slot] >= 0 {
            let number = Int(slots[slot])
            if matches(number, name) { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The number of `name`, or `nil`.
    public func find(_ name: String) -> Int? {
        let bytes = Array(name.utf8)
        return find(bytes.span)
    }

    /// The number of `name`, which is added if it is new.
    @discardableResult
    public mutating func insert(_ name: String) -> Int {
        let key = Array(name.utf8)
        if let number = find(key.span) { return number }
        identity = UInt64.random(in: .min ... .max)
        names.append(name)
        bytes.append(contentsOf: key)
        ends.append(bytes.count)
        if names.count * 2 > slots.count {
            slots = Array(repeating: -1, count: slots.count * 2)
            for number in names.indices { place(number) }
        } else {
            place(names.count - 1)
        }
        return names.count - 1
    }

    private mutating func place(_ number: Int) {
        let start = number == 0 ? 0 : ends[number - 1]
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash(bytes.span.extracting(start..<ends[number]))) & mask
        while slots[slot] >= 0 { slot = (slot + 1) & mask }
        slots[slot] = Int32(number)
    }

    private func matches(_ number: Int, _ name: Span<UInt8>) -> Bool {
        let start = number == 0 ? 0 : ends[number - 1]
        return bytes.span.extracting(start..<ends[number]).equals(name)
    }

    private func hash(_ name: Span<UInt8>) -> UInt64 { name.hash(seed) }
}
