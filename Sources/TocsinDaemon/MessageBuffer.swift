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
    mutating func append(_ bytes: [UInt8]) {
        reserve(bytes.count)
        unsafe (start + count).update(from: bytes, count: bytes.count)
        count += bytes.count
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
    /// Appends a number with up to seven significant digits, without zeros behind the last one; `null`
    /// for one that is not finite.
    mutating func append(_ number: Double?) {
        guard let number, number.isFinite else { return append("null") }
        let size = abs(number)
        guard size >= 1e-15, size < 1e18 else {
            if number == 0 { return append(UInt8(ascii: "0")) }
            return append(Array(number.description.utf8))
        }
        if number < 0 { append(UInt8(ascii: "-")) }
        // log₁₀ 2 times the binary exponent is the decimal one, or one above.
        var exponent = (Int(size.exponent) * 1233) >> 12
        var scaled = Self.scale(size, by: 6 - exponent)
        if scaled >= 9_999_999.5 {
            exponent += 1
            scaled = Self.scale(size, by: 6 - exponent)
        } else if scaled < 999_999.5 {
            exponent -= 1
            scaled = Self.scale(size, by: 6 - exponent)
        }
        var digits = UInt32(scaled + 0.5)
        var length = 7
        while digits % 10 == 0 {
            digits /= 10
            length -= 1
        }
        append(digits, length: length, exponent: exponent)
    }

    private static func scale(_ number: Double, by power: Int) -> Double {
        power >= 0 ? number * powers[power] : number / powers[-power]
    }

    /// Writes d.ddd × 10^exponent, as a plain number where that is short.
    private mutating func append(_ digits: UInt32, length: Int, exponent: Int) {
        if exponent >= 7 || exponent < -5 {
            append(digits, length: length, point: 1)
            append(UInt8(ascii: "e"))
            if exponent < 0 { append(UInt8(ascii: "-")) }
            let size = UInt32(abs(exponent))
            return append(size, length: size < 10 ? 1 : 2, point: 2)
        }
        guard exponent < 0 else { return append(digits, length: length, point: exponent + 1) }
        append("0.")
        for _ in exponent + 1..<0 { append(UInt8(ascii: "0")) }
        append(digits, length: length, point: length)
    }

    /// Writes `length` digits with a point behind the first `point`, and zeros up to there.
    private mutating func append(_ digits: UInt32, length: Int, point: Int) {
        reserve(20)
        let hasPoint = length > point
        var rest = digits
        var place = count + length + (hasPoint ? 1 : 0)
        let end = place
        for left in stride(from: length, to: 0, by: -1) {
            place -= 1
            if hasPoint, left == point {
                unsafe start[place] = UInt8(ascii: ".")
                place -= 1
            }
            unsafe start[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        count = end
        if point > length {
            for _ in length..<point { append(UInt8(ascii: "0")) }
        }
    }

    /// 10⁰ … 10²², the powers of ten that a `Double` holds exactly.
    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]
}
