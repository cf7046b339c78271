/// What does not change from payload to payload of one sender: all that stands between the values.
///
///     {"time":"2026-11-21T09:48:00Z","flow":31.25}
///     ^^^^^^^^                      ^^^^^^^^        ← gaps
///
/// Where a gap is the expected one, the names in it need not be read again.
struct PayloadShape: Sendable {
    /// What stands before a value, and what the value is.
    struct Field: Sendable {
        /// The first of its words in ``gaps``.
        var word: Int32
        /// In bytes.
        var length: Int32
        /// The value's place among the batch's entries, ``time`` or ``ignored``.
        var role: Int32

        static let time: Int32 = -2
        static let ignored: Int32 = -1
    }

    /// In the order of the payload.
    private(set) var fields: [Field] = []
    /// The bytes of all gaps, eight to a word, the first one lowest; each begins a new word, and
    /// zeros fill its last one.
    private(set) var gaps: [UInt64] = []
    /// The decoder that saw it, 0 for none.
    private(set) var decoder: UInt64 = 0

    /// Forgets everything but the storage.
    mutating func removeAll(for decoder: UInt64 = 0) {
        if !fields.isEmpty { fields.removeAll(keepingCapacity: true) }
        if !gaps.isEmpty { gaps.removeAll(keepingCapacity: true) }
        self.decoder = decoder
    }

    /// Keeps the first `count` fields; returns how many of them brought an entry.
    mutating func keep(_ count: Int) -> Int {
        gaps.removeLast(gaps.count - Int(fields[count].word))
        fields.removeLast(fields.count - count)
        // By subscript: `count(where:)` allocates where nothing is optimised.
        var entries = 0
        for i in 0..<count where fields[i].role >= 0 { entries += 1 }
        return entries
    }

    /// Adds a field whose gap stands at `gap` of a padded text.
    mutating func append(_ text: Span<UInt8>, gap: Range<Int>, role: Int32) {
        let first = Int32(gaps.count)
        var position = gap.lowerBound
        while position < gap.upperBound {
            let unwanted = max(position + 8 - gap.upperBound, 0)
            let word = text.word(at: position) << (8 * unwanted)
            gaps.append(word >> (8 * unwanted))
            position += 8
        }
        fields.append(Field(word: first, length: Int32(gap.count), role: role))
    }
}

extension Span<UInt64> {
    /// Whether the bytes of `field`'s gap stand at `position` of a padded text.
    @inline(__always)
    func match(_ field: PayloadShape.Field, _ text: Span<UInt8>, at position: Int) -> Bool {
        var word = Int(field.word)
        var rest = Int(field.length)
        var position = position
        while rest > 8 {
            // The padding's zeros are no part of a gap: the comparison ends with the text.
            guard self[word] == text.word(at: position) else { return false }
            word &+= 1
            position &+= 8
            rest &-= 8
        }
        let unwanted = UInt64(truncatingIfNeeded: 64 &- 8 &* rest)
        return (self[word] ^ text.word(at: position)) &<< unwanted == 0
    }
}
