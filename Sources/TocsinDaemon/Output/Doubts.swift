import TocsinCore

/// Which letters of an ``Outbox`` the broker may have, and which of these it is not known of.
struct Doubts {
    /// Letters that were given away, by a hash of their payloads.
    private var given: [UInt64: Int] = [:]
    private var doubtful: Set<Int> = []
    private var isHeld: Bool
    /// The word that the conductor said to itself last; see ``EchoWatch``.
    var expected: UInt64?
    /// The word that came back last.
    var heard: UInt64?

    /// - Parameter mustWait: whether to wait whatever is in doubt
    init(mustWait: Bool) { isHeld = mustWait }

    /// Whether it has to be found out first what the broker has.
    var mustWait: Bool { isHeld || !doubtful.isEmpty }

    /// Whether the expected word is back.
    var isWordBack: Bool { expected != nil && heard == expected }

    private static func key(_ payload: [UInt8]) -> UInt64 { payload.span.stableHash }

    /// The broker may get a letter.
    mutating func give(_ number: Int, _ payload: [UInt8]) { given[Self.key(payload)] = number }

    /// The broker may have got a letter, and will not say so.
    mutating func doubt(_ number: Int, _ payload: [UInt8]) {
        give(number, payload)
        doubtful.insert(number)
    }

    /// The letter that was given away with a payload, unless that is another one with the same hash.
    func number(of payload: [UInt8]) -> Int? { given[Self.key(payload)] }

    /// A letter is gone.
    mutating func forget(_ number: Int, _ payload: [UInt8]) {
        doubtful.remove(number)
        let key = Self.key(payload)
        if given[key] == number { given[key] = nil }
    }

    /// No more will be known; returns what was in doubt.
    mutating func release() -> Set<Int> {
        defer { doubtful.removeAll() }
        isHeld = false
        (expected, heard) = (nil, nil)
        return doubtful
    }
}
