import TocsinCore

extension Duration {
    /// The units of a span, longest first, and their microseconds.
    private static let spanUnits: [(name: String, microseconds: Int64)] = [
        ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000),
        ("ms", 1_000), ("us", 1),
    ]

    /// The span as text, such as `2d3h`; `0s` for none, and parts below a microsecond are left out.
    public var spanText: String {
        var rest = microseconds
        var text = rest < 0 ? "-" : ""
        for unit in Self.spanUnits where rest / unit.microseconds != 0 {
            text += "\((rest / unit.microseconds).magnitude)\(unit.name)"
            rest %= unit.microseconds
        }
        return microseconds == 0 ? "0s" : text
    }

    /// Reads a span from text such as `90s`, `45m` or `2d3h`.
    ///
    /// Whole numbers, each with one of the units d, h, m, s, ms and us, longest first, none twice;
    /// `nil` for anything else, and for a span of more than 100 years.
    public init?(span text: String) {
        var rest = text[...]
        var total: Int64 = 0
        var units = Self.spanUnits[...]
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix(while: \.isWholeNumber)
            rest = rest[digits.endIndex...]
            let name = rest.prefix { !$0.isWholeNumber }
            rest = rest[name.endIndex...]
            guard let number = Int64(digits) else { return nil }
            guard let place = units.firstIndex(where: { $0.name == name }) else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(
                by: units[place].microseconds
            )
            guard !overflow, product <= 100 * 366 * 86_400_000_000 - total else { return nil }
            total += product
            units = units[(place + 1)...]
        }
        self = .microseconds(total)
    }
}
