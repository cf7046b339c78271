import TocsinCore

/// Anomalies among rows that are to be trained on, as nobody's recordings are free of them.
///
/// Stretches of 10 to 100 rows, at most a twentieth of the table and 20 rows apart from each other, until
/// they are the wanted share of all rows. In each, a tenth to four tenths of the channels are moved by
/// 2 to 6 spreads, get noise of 1 to 3 spreads, show another time backwards, or stand still at a value
/// 1 to 3 spreads from where they were.
struct Contamination {
    /// The share of the rows, 0 … 1.
    let share: Double
    /// Every draw follows from it.
    let seed: UInt64

    /// The rows of one device with anomalies written over them.
    func spoil(_ rows: [CSVReader.Row]) -> [CSVReader.Row] {
        var spoiled = rows
        let count = rows.count
        guard count > 400, let channels = rows.first?.values.count else { return rows }
        let spreads = (0..<channels).map { c in Self.spread(rows.map { $0.values[c] }) }
        var random = SeededGenerator(seed: seed)
        var isSpoiled = Array(repeating: false, count: count)
        var done = 0
        var tries = 0
        while Double(done) < share * Double(count), tries < 10_000 {
            tries += 1
            let length = min(10 + Int(90 * random.uniform()), count / 20)
            let start = 1 + Int(Double(count - length - 1) * random.uniform())
            let apart = max(start - 20, 0)..<min(start + length + 20, count)
            guard !isSpoiled[apart].contains(true) else { continue }
            for i in start..<start + length { isSpoiled[i] = true }
            done += length
            let part = 0.1 + 0.3 * random.uniform()
            let always = Int(Double(channels) * random.uniform())
            for c in 0..<channels where random.uniform() < part || c == always {
                spoil(&spoiled, start..<start + length, c, spreads[c], &random)
            }
        }
        return spoiled
    }

    private func spoil(
        _ rows: inout [CSVReader.Row],
        _ stretch: Range<Int>,
        _ c: Int,
        _ spread: Double,
        _ random: inout SeededGenerator
    ) {
        let kind = Int(4 * random.uniform())
        let sign = random.uniform() < 0.5 ? -1.0 : 1.0
        let size = random.uniform()
        let other = Int(Double(rows.count - stretch.count) * random.uniform())
        let before = rows[stretch.lowerBound - 1].values[c]
        for i in stretch {
            switch kind {
            case 0: rows[i].values[c] += sign * (2 + 4 * size) * spread
            case 1: rows[i].values[c] += (1 + 2 * size) * spread * random.normal()
            case 2: rows[i].values[c] = rows[other + stretch.upperBound - 1 - i].values[c]
            default: rows[i].values[c] = before + sign * (1 + 2 * size) * spread
            }
        }
    }

    private static func spread(_ values: [Double]) -> Double {
        let known = values.filter { !$0.isNaN }
        let mean = known.reduce(0, +) / Double(max(known.count, 1))
        let square = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return max((square / Double(max(known.count, 1))).squareRoot(), 1e-3)
    }
}
