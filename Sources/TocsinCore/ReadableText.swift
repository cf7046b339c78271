// Numbers and spans as people read them, in sentences.

extension Double {
    /// With four significant digits.
    public var readable: String {
        guard isFinite else { return description }
        var scale = 1.0
        while abs(self) * scale < 1000, scale < 1e12 { scale *= 10 }
        let rounded = (self * scale).rounded() / scale
        return rounded == rounded.rounded() && abs(rounded) < 1e15
            ? Int64(rounded).description : rounded.description
    }
}

extension Duration {
    /// In days, hours, minutes and seconds; the two largest that are not zero.
    public var readable: String {
        let seconds = Int64(inSeconds.rounded())
        let parts = [
            (seconds / 86400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"),
            (seconds % 60, "s"),
        ]
        let shown = parts.drop { $0.0 == 0 }.prefix(2).filter { $0.0 > 0 }
        return shown.isEmpty ? "0 s" : shown.map { "\($0.0) \($0.1)" }.joined(separator: " ")
    }
}
