// Dates in text: ISO 8601 in the profile of RFC 3339, read and written without a calendar library,
// because every message that goes out carries one.
//
// Days are counted with the algorithm of Howard Hinnant, "chrono-compatible low-level date
// algorithms": the year begins on 1 March, so that the leap day is its last.

extension Timestamp {
    /// Appends the time as `2026-11-21T09:48:00.000Z`.
    ///
    /// A year that four digits cannot hold has a sign and six, as in ECMAScript: a message may claim
    /// any time, and the complaint about it still has to be written.
    public func append(to text: inout [UInt8]) {
        let milliseconds = microseconds.floorDivided(by: 1000)
        let days = milliseconds.floorDivided(by: 86_400_000)
        let ofDay = milliseconds - days * 86_400_000
        let (year, month, day) = Timestamp.civil(days: days)
        if (0...9999).contains(year) {
            text.append(year, digits: 4)
        } else {
            text.append(year < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
            text.append(abs(year), digits: 6)
        }
        text.append(UInt8(ascii: "-"))
        text.append(month, digits: 2)
        text.append(UInt8(ascii: "-"))
        text.append(day, digits: 2)
        text.append(UInt8(ascii: "T"))
        text.append(ofDay / 3_600_000, digits: 2)
        text.append(UInt8(ascii: ":"))
        text.append(ofDay / 60_000 % 60, digits: 2)
        text.append(UInt8(ascii: ":"))
        text.append(ofDay / 1000 % 60, digits: 2)
        text.append(UInt8(ascii: "."))
        text.append(ofDay % 1000, digits: 3)
        text.append(UInt8(ascii: "Z"))
    }

    /// Reads a time such as `2026-11-21T09:48:00`.
    ///
    /// A fraction of a second may follow, and `Z` or an offset such as `+01:00`; without either the
    /// time is UTC. A space may stand for the `T`.
    ///
    /// Returns `nil` for anything else, and for a date that does not exist.
    public init?(iso8601 text: Span<UInt8>) {
        // All but the fraction and the offset stands at fixed places. Three words hold it, the last
        // of them from the hour on; with the pattern taken away, digits are 0 to 9 and signs are 0.
        guard text.count >= 19 else { return nil }
        let date = text.word(checkedAt: 0) ^ 0x2D30_302D_3030_3030  // 0000-00-
        var ofDay = text.word(checkedAt: 8) ^ 0x3030_3A30_3054_3030  // 00T00:00
        let clock = text.word(checkedAt: 11) ^ 0x3030_3A30_303A_3030  // 00:00:00
        let sign = UInt8(truncatingIfNeeded: ofDay >> 16) ^ UInt8(ascii: "T")
        guard sign == UInt8(ascii: "T") || sign == UInt8(ascii: "t") || sign == UInt8(ascii: " ")
        else { return nil }
        ofDay &= ~(0xFF << 16)
        // 0x76 lifts everything above 9 to the highest bit, 0x7F everything above 0.
        let misfits =
            date.lifted(by: 0x7F76_767F_7676_7676) | ofDay.lifted(by: 0x7676_7F76_767F_7676)
            | clock.lifted(by: 0x7676_7F76_767F_7676)
        guard misfits == 0 else { return nil }
        let year = date.pair(at: 0) * 100 + date.pair(at: 2)
        let (month, day) = (date.pair(at: 5), ofDay.pair(at: 0))
        let (hour, minute, second) = (clock.pair(at: 0), clock.pair(at: 3), clock.pair(at: 6))
        guard month >= 1, month <= 12, day >= 1,
            day <= 28 || day <= Timestamp.days(inMonth: month, of: year),
            hour <= 23, minute <= 59, second <= 60
        else { return nil }
        let days = Timestamp.days(year: year, month: month, day: day)

        var position = 19
        var fraction: Int64 = 0
        if position < text.count, text[position] == UInt8(ascii: ".") {
            position += 1
            let first = position
            var unit: Int64 = 100_000
            while position < text.count, let digit = text.digit(position) {
                fraction += digit * unit
                unit /= 10
                position += 1
            }
            guard position > first else { return nil }
        }
        guard let offset = Timestamp.offset(text, at: position) else { return nil }
        let seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }

    /// Reads ISO 8601, as ``init(iso8601:)-(Span<UInt8>)``.
    public init?(iso8601 text: String) {
        let bytes = Array(text.utf8)
        self.init(iso8601: bytes.span)
    }

    /// Seconds east of UTC, from what follows the time of day.
    private static func offset(_ text: Span<UInt8>, at position: Int) -> Int64? {
        let rest = text.count - position
        if rest == 0 { return 0 }
        if rest == 1, text[position] == UInt8(ascii: "Z") || text[position] == UInt8(ascii: "z") {
            return 0
        }
        guard text[position] == UInt8(ascii: "+") || text[position] == UInt8(ascii: "-") else {
            return nil
        }
        let colon = rest == 6 && text[position + 3] == UInt8(ascii: ":")
        guard colon || rest == 5,
            let hours = text.number(position + 1, 2), hours <= 23,
            let minutes = text.number(position + (colon ? 4 : 3), 2), minutes <= 59
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return text[position] == UInt8(ascii: "-") ? -seconds : seconds
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        guard month == 2 else { return 30 + (month + month >> 3) & 1 }
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    }

    /// Days from 1970 to a date of the years 0 to 9999.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        // Years begin in March, so that a leap day ends one; 400 more of them keep it above zero.
        let isEarly = month <= 2
        let y = UInt32(truncatingIfNeeded: year &+ (isEarly ? 399 : 400))
        let m = UInt32(truncatingIfNeeded: month &+ (isEarly ? 9 : -3))
        let century = y / 100
        let leapDays = y / 4 &- century &+ century / 4
        let ofYear = (153 &* m &+ 2) / 5
        return Int64(365 &* y &+ leapDays &+ ofYear) &+ day &- 865_566
    }

    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let z = days + 719_468
        let era = z.floorDivided(by: 146_097)
        let dayOfEra = z - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let m = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * m + 2) / 5 + 1
        let month = m < 10 ? m + 3 : m - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Timestamp: CustomStringConvertible {
    public var description: String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}

extension Int64 {
    /// The quotient rounded down, also for negative numbers; `divisor` is positive.
    func floorDivided(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

extension UInt64 {
    /// In the highest bit of each byte, whether it is more than the difference of 0x7F and the same
    /// byte of `lift`.
    fileprivate func lifted(by lift: UInt64) -> UInt64 {
        ((self & 0x7F7F_7F7F_7F7F_7F7F) &+ lift | self) & 0x8080_8080_8080_8080
    }

    /// The number that the digits in bytes `position` and `position` + 1 make.
    fileprivate func pair(at position: UInt64) -> Int64 {
        let pairs = self &* 10 &+ self >> 8
        return Int64(pairs >> (8 * position) & 0xFF)
    }
}

extension Span<UInt8> {
    /// The eight bytes from `position` on, the first of them lowest.
    fileprivate func word(checkedAt position: Int) -> UInt64 {
        // Checks its bounds; "unsafe" is only that it would read any type.
        unsafe UInt64(
            littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
        )
    }

    fileprivate func digit(_ position: Int) -> Int64? {
        let byte = self[position]
        return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            ? Int64(byte - UInt8(ascii: "0")) : nil
    }

    fileprivate func number(_ position: Int, _ digits: Int) -> Int64? {
        guard position + digits <= count else { return nil }
        var value: Int64 = 0
        for i in position..<position + digits {
            guard let digit = digit(i) else { return nil }
            value = value * 10 + digit
        }
        return value
    }
}

extension [UInt8] {
    /// Appends a number that is not negative, with leading zeros.
    fileprivate mutating func append(_ value: Int64, digits: Int) {
        var divisor: Int64 = 1
        for _ in 1..<digits { divisor *= 10 }
        var rest = value
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / divisor % 10))
            rest %= divisor
            divisor /= 10
        }
    }
}
