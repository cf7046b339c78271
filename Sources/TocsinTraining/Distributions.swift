import Glibc
import TocsinCore

/// Fits the log-normal distribution of an energy.
func logNormal(_ energies: [Double]) -> Calibration.LogNormal {
    guard !energies.isEmpty else { return Calibration.LogNormal(median: 1, mean: 0, spread: 1) }
    var fitted = Calibration.LogNormal(
        median: energies.sorted().quantile(0.5),
        mean: 0,
        spread: 1
    )
    let logarithms = energies.map { fitted.logarithm($0) }
    let mean = logarithms.reduce(0, +) / Double(logarithms.count)
    let variance =
        logarithms.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(logarithms.count)
    fitted.mean = mean
    fitted.spread = max(variance.squareRoot(), 0.1)
    return fitted
}

/// Fits the distribution of the fused score: quantiles, and the mean excess over the last one.
func tail(_ sorted: [Double]) -> Calibration.Tail {
    let quantiles = (0..<64).map { sorted.quantile(Double($0) / 64) }
    let last = quantiles[63]
    let above = sorted.filter { $0 > last }
    let excess = above.reduce(0) { $0 + $1 - last } / Double(max(above.count, 1))
    return Calibration.Tail(quantiles: quantiles, excess: max(excess, 0.05))
}

/// How many stretches of a series count as independent of each other: its length over the
/// integrated autocorrelation time, summed up to the first lag below 0.05 (Sokal 1997).
func independentStretches(_ series: [Double]) -> Double {
    let count = series.count
    let mean = series.reduce(0, +) / Double(count)
    let centred = series.map { $0 - mean }
    let variance = centred.reduce(0) { $0 + $1 * $1 }
    guard variance > 0 else { return 1 }
    var time = 1.0
    for lag in 1..<max(count / 4, 2) {
        var sum = 0.0
        for t in lag..<count { sum += centred[t] * centred[t - lag] }
        let correlation = sum / variance
        if correlation < 0.05 { break }
        time += 2 * correlation
    }
    return Double(count) / time
}
