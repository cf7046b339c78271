// Text that is read eight bytes at a time: it lies in storage of ours, with zeros behind it, so that
// a word may reach beyond its end and a zero stops whatever reads on.

extension Span<UInt8> {
    /// How many zeros stand behind a padded text.
    static var padding: Int { 64 }

    /// The eight bytes from `position` on, the first of them lowest; `position` is at most the text's
    /// end, and the text is padded.
    @inline(__always)
    func word(at position: Int) -> UInt64 {
        // No check of bounds: the padding is longer than a word.
        unsafe UInt64(
            littleEndian: bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: position,
                as: UInt64.self
            )
        )
    }

    /// The byte at `position`, 0 at the text's end; as ``word(at:)``.
    @inline(__always)
    func byte(at position: Int) -> UInt8 {
        unsafe self[unchecked: position]
    }

    /// The first byte at or behind `start` that is no white space.
    @inline(__always)
    func skipSpace(_ start: Int) -> Int {
        var position = start
        while byte(at: position).isWhiteSpace { position &+= 1 }
        return position
    }

    /// Where the quote stands that ends a string whose content begins at `start`; `nil` for a string
    /// with an escape, a control character or no end.
    @inline(__always)
    func endOfString(_ start: Int) -> Int? {
        var position = start
        while true {
            let word = word(at: position)
            let quote = word ^ UInt64(repeating: UInt8(ascii: "\""))
            let escape = word ^ UInt64(repeating: UInt8(ascii: "\\"))
            // A borrow may mark a byte too many, but only above one that is rightly marked.
            let marks =
                (quote &- UInt64(repeating: 1)) & ~quote
                | (escape &- UInt64(repeating: 1)) & ~escape
                | (word &- UInt64(repeating: 0x20)) & ~word
            let found = marks & UInt64(repeating: 0x80)
            if found != 0 {
                position &+= found.trailingZeroBitCount &>> 3
                return byte(at: position) == UInt8(ascii: "\"") ? position : nil
            }
            position &+= 8
        }
    }
}

extension UInt64 {
    /// Eight times the same byte.
    @inline(__always)
    init(repeating byte: UInt8) { self = UInt64(byte) &* 0x0101_0101_0101_0101 }
}

extension [UInt8] {
    /// Overwrites the beginning with `text` and zeros behind it; grows if it has to.
    ///
    /// Returns whether all of `text` is ASCII.
    @inline(__always)
    mutating func replace(padded text: Span<UInt8>) -> Bool {
        let needed = text.count + Span<UInt8>.padding
        if count < needed { append(contentsOf: repeatElement(0, count: needed - count)) }
        typealias Block = SIMD16<UInt8>
        let length = text.count
        return unsafe withUnsafeMutableBytes { target in
            unsafe text.withUnsafeBytes { source in
                var seen = SIMD16<UInt8>.zero
                var i = 0
                if length >= 16 {
                    while i < length {
                        // The last block takes once more what the one before has.
                        let place = Swift.min(i, length &- 16)
                        let block = unsafe source.loadUnaligned(
                            fromByteOffset: place,
                            as: Block.self
                        )
                        unsafe target.storeBytes(of: block, toByteOffset: place, as: Block.self)
                        seen |= block
                        i &+= 16
                    }
                } else {
                    while i < length {
                        let byte = unsafe source[i]
                        unsafe target[i] = byte
                        seen[i] = byte
                        i &+= 1
                    }
                }
                unsafe target.storeBytes(of: .zero, toByteOffset: length, as: Block.self)
                let words = unsafe unsafeBitCast(seen, to: SIMD2<UInt64>.self)
                return (words[0] | words[1]) & UInt64(repeating: 0x80) == 0
            }
        }
    }
}
