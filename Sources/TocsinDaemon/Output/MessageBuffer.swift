import TocsinCore

/// Bytes of a message in the making; its room is kept from message to message.
@safe
struct MessageBuffer: ~Copyable {
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var count = 0

    init(capacity: Int = 1024) {
        self.capacity = max(capacity, 64)
        unsafe start = .allocate(capacity: self.capacity)
    }

    deinit {
        unsafe start.deallocate()
    }

    /// Hands out what was written.
    func withSpan<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        body(unsafe Span(_unsafeStart: start, count: count))
    }

    /// What was written, as a copy.
    var bytes: [UInt8] { unsafe Array(UnsafeBufferPointer(start: start, count: count)) }

    /// Forgets everything but the room.
    mutating func removeAll() { count = 0 }

    /// Makes room for so many bytes more.
    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if capacity - count < more { grow(more) }
    }

    private mutating func grow(_ more: Int) {
        capacity = max(2 * capacity, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        unsafe larger.update(from: start, count: count)
        unsafe start.deallocate()
        unsafe start = larger
    }

    /// Appends one byte.
    @inline(__always)
    mutating func append(_ byte: UInt8) {
        reserve(1)
        unsafe start[count] = byte
        count += 1
    }

    /// Appends bytes.
    @inline(__always)
    mutating func append(_ bytes: Span<UInt8>) {
        reserve(bytes.count)
        let length = bytes.count
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let first = source.baseAddress else { return }
            unsafe (start + count).update(from: first, count: length)
        }
        count += length
    }

    /// Appends a part of a text behind which at least sixteen bytes more may be read.
    @inline(__always)
    mutating func append(_ text: Span<UInt8>, _ part: Range<Int>) {
        precondition(part.lowerBound >= 0 && part.upperBound + 16 <= text.count)
        guard part.count <= 16 else { return append(text.extracting(part)) }
        reserve(16)
        typealias Block = SIMD16<UInt8>
        let block = unsafe text.bytes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: part.lowerBound,
            as: Block.self
        )
        unsafe UnsafeMutableRawPointer(start + count).storeBytes(of: block, as: Block.self)
        count += part.count
    }

    /// Appends text as it is.
    @inline(__always)
    mutating func append(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        reserve(length)
        unsafe (start + count).update(from: text.utf8Start, count: length)
        count += length
    }

    /// The last byte; `nil` if there is none.
    var last: UInt8? { count > 0 ? unsafe start[count - 1] : nil }

    /// Takes away the last byte.
    mutating func removeLast() { count -= 1 }
}

extension MessageBuffer {
    /// Appends a number with up to `digits` significant digits (eight at most), without zeros behind the
    /// last one; `null` for one that is not finite.
    mutating func append(_ number: Double?, digits: Int = 6) {
        guard let number, number.isFinite else { return append("null") }
        let size = abs(number)
        guard size >= 1e-15, size < 1e18 else {
            if number == 0 { return append(UInt8(ascii: "0")) }
            return append(Array(number.description.utf8).span)
        }
        if number < 0 { append(UInt8(ascii: "-")) }
        // log₁₀ 2 times the binary exponent is the decimal one, or one below.
        let binary = Int(size.bitPattern >> 52) - 1023
        var exponent = (binary * 1233) >> 12
        // Which of the two is a toss-up, so it is added and not branched upon.
        let next = exponent >= -1 ? Self.powers[exponent + 1] : 1 / Self.powers[-exponent - 1]
        exponent += size >= next ? 1 : 0
        var scaled = Self.scale(size, by: digits - 1 - exponent)
        if scaled >= Self.powers[digits] - 0.5 {
            exponent += 1
            scaled = Self.scale(size, by: digits - 1 - exponent)
        }
        append(Self.text(UInt32(scaled + 0.5), digits: digits), exponent: exponent)
    }

    @inline(__always)
    private static func scale(_ number: Double, by power: Int) -> Double {
        power >= 0 ? number * powers[power] : number / powers[-power]
    }

    /// Digits, the first of them lowest, without the zeros behind the last one.
    private struct Digits {
        var text: UInt64
        var length: Int
    }

    /// The decimal digits of a number below 10⁸, which has `digits` of them.
    ///
    /// Split in halves, all at once: 8 digits into 4 and 4, each into 2 and 2, each into 1 and 1.
    @inline(__always)
    private static func text(_ number: UInt32, digits: Int) -> Digits {
        var word = UInt64(number / 10_000) | UInt64(number % 10_000) << 32
        let hundreds = (word * 10_486) >> 20 & 0x0000_007F_0000_007F
        word = (word - 100 * hundreds) << 16 | hundreds
        let tens = (word * 103) >> 10 & 0x000F_000F_000F_000F
        word = (word - 10 * tens) << 8 | tens
        word >>= UInt64(8 * (8 - digits))
        let zeros = min(word.leadingZeroBitCount / 8 - (8 - digits), digits - 1)
        return Digits(text: word + 0x3030_3030_3030_3030, length: digits - zeros)
    }

    /// Writes d.ddd × 10^exponent, as a plain number where that is short.
    private mutating func append(_ digits: Digits, exponent: Int) {
        if exponent >= 9 || exponent < -5 {
            append(digits, point: 1)
            append(UInt8(ascii: "e"))
            if exponent < 0 { append(UInt8(ascii: "-")) }
            // Two digits at most, since the number lies between 1e-15 and 1e18.
            let size = abs(exponent)
            if size >= 10 { append(UInt8(ascii: "1")) }
            return append(UInt8(ascii: "0") + UInt8(size % 10))
        }
        if exponent >= 0 { return append(digits, point: exponent + 1) }
        append("0.")
        for _ in exponent + 1..<0 { append(UInt8(ascii: "0")) }
        append(digits, point: digits.length)
    }

    /// Writes digits with a point behind the first `point`, and zeros up to there.
    @inline(__always)
    private mutating func append(_ digits: Digits, point: Int) {
        reserve(32)
        let place = unsafe UnsafeMutableRawPointer(start + count)
        unsafe place.storeBytes(of: digits.text.littleEndian, as: UInt64.self)
        if digits.length > point {
            let rest = digits.text >> UInt64(8 * point)
            unsafe place.storeBytes(of: UInt8(ascii: "."), toByteOffset: point, as: UInt8.self)
            unsafe place.storeBytes(
                of: rest.littleEndian,
                toByteOffset: point + 1,
                as: UInt64.self
            )
            count += digits.length + 1
        } else {
            count += digits.length
            if point > digits.length {
                for _ in digits.length..<point { append(UInt8(ascii: "0")) }
            }
        }
    }

    /// 10⁰ … 10²², the powers of ten that a `Double` holds exactly.
    private static let powers: InlineArray<23, Double> = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]
}
