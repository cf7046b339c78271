extension DecimalNumber {
    /// The number that starts at `start` of a padded text, and the first byte behind it.
    ///
    /// The same as the plain ``scan(_:from:)``, eight bytes at a time; `nil` also for what has more
    /// than 19 digits or an exponent, which the plain form can read.
    @inline(__always)
    static func scan(_ text: Span<UInt8>, at start: Int) -> (value: Double, end: Int)? {
        let isNegative = text.byte(at: start) == UInt8(ascii: "-")
        let first = isNegative ? start &+ 1 : start
        let word = Digits(text, at: first)
        let count = word.count
        let isFraction = count < 8 && word.byte(count) == UInt8(ascii: ".")
        let short = isFraction ? word.withoutPoint : word
        // All of it in one word, and what follows as well: the point counts, too.
        guard short.count < 7 else { return scanLong(text, first, isNegative, word) }
        guard count > 0, count == 1 || word.byte(0) != UInt8(ascii: "0") else { return nil }
        let scale = short.count &- count
        guard !isFraction || scale > 0 else { return nil }
        let end = isFraction ? short.count &+ 1 : count
        guard word.byte(end) | 0x20 != UInt8(ascii: "e") else { return nil }
        let mantissa = Double(short.number)
        let value = isFraction ? mantissa / powers[scale] : mantissa
        return (isNegative ? -value : value, first &+ end)
    }

    /// The same for any number of digits, up to 19; `first` is behind the sign.
    private static func scanLong(
        _ text: Span<UInt8>,
        _ first: Int,
        _ isNegative: Bool,
        _ word: Digits
    ) -> (value: Double, end: Int)? {
        var digits = word.count
        guard digits > 0, digits == 1 || word.byte(0) != UInt8(ascii: "0") else { return nil }
        var position = first &+ digits
        var mantissa = word.number
        if digits == 8 {
            gather(text, &position, &mantissa)
            digits = position &- first
        }
        var exponent = 0
        if text.byte(at: position) == UInt8(ascii: ".") {
            position &+= 1
            let fraction = position
            gather(text, &position, &mantissa)
            exponent = fraction &- position
            guard exponent < 0 else { return nil }
            digits &-= exponent
        }
        guard digits <= 19, text.byte(at: position) | 0x20 != UInt8(ascii: "e"),
            let value = value(mantissa, exponent)
        else { return nil }
        return (isNegative ? -value : value, position)
    }

    /// Appends the digits at `position` to `mantissa`, modulo 2⁶⁴.
    @inline(__always)
    private static func gather(
        _ text: Span<UInt8>,
        _ position: inout Int,
        _ mantissa: inout UInt64
    ) {
        while true {
            let digits = Digits(text, at: position)
            let count = digits.count
            guard count == 8 else {
                guard count > 0 else { return }
                mantissa = mantissa &* scales[count] &+ digits.number
                position &+= count
                return
            }
            mantissa = mantissa &* 100_000_000 &+ digits.number
            position &+= 8
        }
    }

    /// 10⁰ … 10⁷.
    private static let scales: [UInt64] = [
        1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000,
    ]
}

/// Eight bytes, of which the first ones are decimal digits.
private struct Digits {
    /// The bytes less that of the digit 0, the first one lowest.
    var bytes: UInt64
    /// The highest bit of each byte that is no digit.
    var others: UInt64

    init(bytes: UInt64, others: UInt64) {
        self.bytes = bytes
        self.others = others
    }

    /// The bytes at `position` of a padded text.
    @inline(__always)
    init(_ text: Span<UInt8>, at position: Int) {
        bytes = text.word(at: position) ^ UInt64(repeating: UInt8(ascii: "0"))
        // 0x76 lifts everything above 9 to the highest bit.
        let sums = (bytes & UInt64(repeating: 0x7F)) &+ UInt64(repeating: 0x76)
        others = (sums | bytes) & UInt64(repeating: 0x80)
    }

    /// How many digits there are before the first byte that is none.
    @inline(__always)
    var count: Int { others.trailingZeroBitCount &>> 3 }

    /// The byte at `place` as it was.
    @inline(__always)
    func byte(_ place: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: bytes &>> UInt64(8 &* place)) ^ UInt8(ascii: "0")
    }

    /// The bytes without the first that is no digit; one that is none comes in from above.
    @inline(__always)
    var withoutPoint: Digits {
        let below = (others & (0 &- others)) &>> 7 &- 1
        return Digits(
            bytes: bytes & below | bytes &>> 8 & ~below,
            others: (others & (others &- 1)) &>> 8 | 1 &<< 63
        )
    }

    /// What the leading digits make; there is at least one.
    ///
    /// Moved to the upper end, they have zeros before them. Neighbours are joined: digits to pairs,
    /// pairs to fours, fours to the whole.
    @inline(__always)
    var number: UInt64 {
        let digits = bytes &<< UInt64(truncatingIfNeeded: 0 &- (others.trailingZeroBitCount & ~7))
        let pairs = digits &* 10 &+ digits &>> 8
        let upper = (pairs & 0x0000_00FF_0000_00FF) &* (100 &+ 1_000_000 &<< 32)
        let lower = (pairs &>> 16 & 0x0000_00FF_0000_00FF) &* (1 &+ 10_000 &<< 32)
        return (upper &+ lower) &>> 32
    }
}
