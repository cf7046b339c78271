// Figures as they stand in tables; "don't know" is a dash.

/// With so many decimals.
func fixed(_ value: Double?, _ places: Int) -> String {
    guard let value, value.isFinite, abs(value) < 1e12 else { return "-" }
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let units = Int((abs(value) * Double(scale)).rounded())
    let sign = value < 0 && units > 0 ? "-" : ""
    guard places > 0 else { return "\(sign)\(units)" }
    let digits = "\(units % scale)"
    let zeros = String(repeating: "0", count: places - digits.count)
    return "\(sign)\(units / scale).\(zeros)\(digits)"
}

/// A share, 0 … 1, in per cent.
func percent(_ share: Double?) -> String {
    guard let share, share.isFinite else { return "-" }
    return "\(fixed(share * 100, 1)) %"
}
