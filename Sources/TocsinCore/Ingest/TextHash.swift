// Short texts by their bytes, eight at a time: hashed, compared, cut.

extension Span<UInt8> {
    /// The eight bytes from `position` on, the first of them lowest, and zeros behind the end;
    /// `position` lies before it.
    @inline(__always)
    func paddedWord(at position: Int) -> UInt64 {
        // Bounds are checked; "unsafe" is only that any type could be read.
        if position + 8 <= count {
            return unsafe UInt64(
                littleEndian: bytes.unsafeLoadUnaligned(
                    fromByteOffset: position,
                    as: UInt64.self
                )
            )
        }
        if count >= 8 {
            let last = unsafe UInt64(
                littleEndian: bytes.unsafeLoadUnaligned(
                    fromByteOffset: count - 8,
                    as: UInt64.self
                )
            )
            return last >> UInt64(8 * (position + 8 - count))
        }
        return shortWord &>> UInt64(truncatingIfNeeded: 8 &* position)
    }

    /// One to seven bytes, the first of them lowest, and zeros behind the end.
    @inline(__always)
    private var shortWord: UInt64 {
        if count >= 4 {
            let first = unsafe UInt32(
                littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self)
            )
            let last = unsafe UInt32(
                littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
            )
            // Where the two overlap they agree.
            return UInt64(first) | UInt64(last) &<< UInt64(truncatingIfNeeded: 8 &* (count &- 4))
        }
        // Of up to three bytes: the first, the middle and the last one.
        let middle = UInt64(self[count / 2]) &<< UInt64(truncatingIfNeeded: 8 &* (count / 2))
        let last = UInt64(self[count - 1]) &<< UInt64(truncatingIfNeeded: 8 &* (count &- 1))
        return UInt64(self[0]) | middle | last
    }

    /// Whether these are the same bytes.
    @inline(__always)
    public func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var i = 0
        while i < count {
            guard paddedWord(at: i) == other.paddedWord(at: i) else { return false }
            i &+= 8
        }
        return true
    }

    /// A hash that nobody can foresee who does not know `seed`.
    ///
    /// Each word goes through a product of 128 bits whose halves are joined, as in wyhash.
    @inline(__always)
    func hash(_ seed: UInt64) -> UInt64 {
        var h = UInt64(truncatingIfNeeded: count).folded(seed ^ 0xA076_1D64_78BD_642F)
        var i = 0
        while i < count {
            h = (paddedWord(at: i) ^ 0xE703_7ED1_A0B4_28DB).folded(h ^ seed)
            i &+= 8
        }
        return h.folded(0x8EBC_6AF0_9C88_C6E3 ^ seed)
    }

    /// The first place at or behind `start` where `byte` stands, else the end.
    @inline(__always)
    func firstIndex(of byte: UInt8, from start: Int) -> Int {
        var i = start
        while i < count {
            let marked = paddedWord(at: i) ^ UInt64(repeating: byte)
            let found = (marked &- UInt64(repeating: 1)) & ~marked & UInt64(repeating: 0x80)
            if found != 0 { return Swift.min(i + found.trailingZeroBitCount >> 3, count) }
            i &+= 8
        }
        return count
    }
}

extension UInt64 {
    /// Both halves of the product, joined.
    @inline(__always)
    fileprivate func folded(_ other: UInt64) -> UInt64 {
        let product = multipliedFullWidth(by: other)
        return product.high ^ product.low
    }
}
