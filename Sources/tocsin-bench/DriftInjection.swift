import Foundation
import TocsinCore

/// What is done to a clean stretch, from a row on.
///
/// Fixed before anything was measured with it. "A third" is of the channels that vary, at least one,
/// drawn by seed; σ is a channel's standard deviation on the rows before the stretch.
enum DriftInjection: String, CaseIterable {
    /// Nothing: what rings now is false.
    case none
    /// 5 σ on all channels for 30 rows: an anomaly, and no drift.
    case burst
    /// + 1.5 σ on a third.
    case offset
    /// × 1.6 around the mean on a third.
    case gain
    /// Normal noise of 0.7 σ on a third.
    case noise
    /// All channels run through their values 1.4 times as fast, with linear interpolation.
    case speed
    /// The same without interpolation: the nearest row, so that noise stays as it was.
    case speedOfRows = "speed of rows"
    /// A third comes ten rows late.
    case lag
    /// Pairs of channels, a third in all, have changed places, each brought to the other's mean and
    /// spread, so that only their meaning is wrong.
    case swap
    /// A third shows what it showed half the recording ago.
    case decorrelation
    /// A slope to + 3 σ at the end of the stretch on a third.
    case ramp

    /// Whether something changes for good.
    var isDrift: Bool { self != .none && self != .burst }
}

/// A recording of one device, and what drift makes of its end.
struct DriftRecording {
    /// All rows.
    let rows: [CSVReader.Row]
    /// The row from which on nothing was trained on.
    let start: Int
    /// The row from which on it drifts.
    let onset: Int
    /// Mean and standard deviation of each channel before ``start``, `[channels]`.
    private let means: [Double]
    private let spreads: [Double]

    /// A recording whose last `share` is held back, and drifts after two fifths of that.
    init(rows: [CSVReader.Row], heldBack share: Double) {
        self.rows = rows
        start = Int(Double(rows.count) * (1 - share))
        onset = start + (rows.count - start) * 2 / 5
        var means: [Double] = []
        var spreads: [Double] = []
        for c in rows[0].values.indices {
            let values = rows[..<start].map { $0.values[c] }.filter { !$0.isNaN }
            let mean = values.reduce(0, +) / Double(max(values.count, 1))
            let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            means.append(mean)
            spreads.append((square / Double(max(values.count, 1))).squareRoot())
        }
        self.means = means
        self.spreads = spreads
    }

    /// The held-back rows as they would have been.
    ///
    /// - Parameters:
    ///   - varying: the channels that drift may touch
    func stretch(_ injection: DriftInjection, varying: [Int], seed: UInt64) -> [CSVReader.Row] {
        var random = SeededGenerator(seed: seed)
        let third = Array(varying.shuffled(using: &random).prefix(max(varying.count / 3, 1)))
        var changed = Array(rows[start...])
        for t in onset - start..<changed.count {
            let now = start + t
            let share = Double(now - onset) / Double(rows.count - onset)
            func set(_ channels: [Int], _ value: (Int) -> Double) {
                for c in channels { changed[t].values[c] = value(c) }
            }
            func old(_ c: Int) -> Double { rows[now].values[c] }
            switch injection {
            case .none: break
            case .burst: if now < onset + 30 { set(varying) { old($0) + 5 * spreads[$0] } }
            case .offset: set(third) { old($0) + 1.5 * spreads[$0] }
            case .gain: set(third) { means[$0] + 1.6 * (old($0) - means[$0]) }
            case .noise: set(third) { old($0) + 0.7 * spreads[$0] * random.normal() }
            case .lag: set(third) { rows[now - 10].values[$0] }
            case .decorrelation: set(third) { rows[now - rows.count / 2].values[$0] }
            case .ramp: set(third) { old($0) + 3 * share * spreads[$0] }
            case .swap:
                for (a, b) in pairs(varying, third) {
                    changed[t].values[a] = standard(now, b) * spreads[a] + means[a]
                    changed[t].values[b] = standard(now, a) * spreads[b] + means[b]
                }
            case .speed, .speedOfRows:
                let place = Double(onset) + 1.4 * Double(now - onset)
                let row = injection == .speed ? Int(place) : Int(place.rounded())
                guard row + 1 < rows.count else { return Array(changed[..<t]) }
                let part = injection == .speed ? place - Double(row) : 0
                for c in changed[t].values.indices {
                    changed[t].values[c] =
                        (1 - part) * rows[row].values[c] + part * rows[row + 1].values[c]
                }
            }
        }
        return changed
    }

    /// The third, two by two; at least one pair if there are two channels.
    private func pairs(_ varying: [Int], _ third: [Int]) -> [(Int, Int)] {
        guard third.count > 1 else {
            return varying.first { $0 != third[0] }.map { [(third[0], $0)] } ?? []
        }
        return stride(from: 0, to: third.count - 1, by: 2).map { (third[$0], third[$0 + 1]) }
    }

    private func standard(_ row: Int, _ channel: Int) -> Double {
        (rows[row].values[channel] - means[channel]) / max(spreads[channel], 1e-9)
    }
}
