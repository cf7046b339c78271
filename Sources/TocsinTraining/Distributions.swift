import Glibc
import TocsinCore

/// By how much a root mean square that was measured on few independent values may be too small: the
/// factor that leads to the upper end of its one-sided 95 % confidence interval.
///
/// √(k / χ²₀.₀₅(k)) for k independent normal values, at least 2: 5 for 2, 1.6 for 10, 1.1 for 150.
/// The quantile is the approximation of Wilson and Hilferty 1931.
func confidenceFactor(independent: Double) -> Double {
    let k = max(independent, 2)
    let root = 1 - 2 / (9 * k) - 1.6449 * (2 / (9 * k)).squareRoot()
    return (1 / (root * root * root)).squareRoot()
}

/// The root mean square of a series, at the upper end of what its few independent stretches leave
/// open; 0 for an empty one.
func confidentRMS(_ series: [Double]) -> Double {
    guard !series.isEmpty else { return 0 }
    let square = series.reduce(0) { $0 + $1 * $1 } / Double(series.count)
    return square.squareRoot() * confidenceFactor(independent: independentStretches(series))
}

/// Fits the log-normal distribution of an energy, with a spread that few independent stretches do not
/// make too small, and anomalies among the data not too large.
///
/// Mean and standard deviation, unless the latter exceeds ``largestSpread`` times the spread of the
/// middle half (the interquartile range over 1.349, as for a normal distribution): then something is
/// among the data that does not belong to them, and the median and that multiple stand.
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
    let sorted = logarithms.sorted()
    let middle = (sorted.quantile(0.75) - sorted.quantile(0.25)) / 1.349
    let isSpoiled = variance.squareRoot() > largestSpread * middle
    fitted.mean = isSpoiled ? sorted.quantile(0.5) : mean
    let spread = isSpoiled ? largestSpread * middle : variance.squareRoot()
    let factor = confidenceFactor(independent: independentStretches(logarithms))
    fitted.spread = max(spread * factor, 0.1)
    return fitted
}

/// The most that a healthy standard deviation exceeds the spread of the middle half.
///
/// Healthy energies lean to the right; 5 % of anomalies among them make it more. Measured in
/// `ChoosingTheModel`.
let largestSpread = 1.3

/// Fits the distribution of the fused score: quantiles, and the mean excess over the last one.
func tail(_ sorted: [Double]) -> Calibration.Tail {
    guard !sorted.isEmpty else { return Calibration.Tail(quantiles: [0], excess: 1) }
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
    guard count > 0 else { return 1 }
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
