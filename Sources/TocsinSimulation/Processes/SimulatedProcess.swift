import Glibc

/// The physics of one device: what happens in it, without its sensors.
///
/// State variables advance in small steps of ordinary differential equations; first-order lags are
/// solved exactly, so that a step may be as long as a time constant.
protocol SimulatedProcess: Sendable {
    /// What is measured, in order.
    static var channels: [SimulatedChannel] { get }

    /// Advances by one step.
    ///
    /// - Parameters:
    ///   - dt: in seconds, about ``longestStep`` at most
    ///   - condition: what is broken during the step
    mutating func step(_ dt: Double, _ condition: ProcessCondition)

    /// The true values at this moment, each in its channel's unit, `[channels]`.
    func values() -> [Double]
}

/// The longest step that the processes are made for, in seconds.
let longestStep = 10.0

/// What is broken in a process; every share lies in 0...1, and 0 is healthy.
struct ProcessCondition: Sendable, Equatable {
    /// How fast the process runs; 1 is healthy.
    var speed = 1.0
    /// Pump: the share by which the pipe's passage is narrowed.
    var clogging = 0.0
    /// Pump: vapour at the impeller, as a share of the worst.
    var cavitation = 0.0
    /// Refrigerator: the share of refrigerant lost; tank: a hole, as a share of the largest.
    var leak = 0.0
    /// Room: how far the window stands open.
    var window = 0.0
}

/// `value` after it has followed `target` for `dt` seconds with a first-order lag.
///
/// - Parameter lag: the time constant, in seconds
func approach(_ value: Double, _ target: Double, _ dt: Double, lag: Double) -> Double {
    target + (value - target) * exp(-dt / lag)
}

/// Grams of water in a cubic metre of saturated air.
///
/// Source: the Magnus formula in the form of WMO-No. 8, annex 4.B, and the gas law.
///
/// - Parameter celsius: the air's temperature, in °C
func saturation(_ celsius: Double) -> Double {
    let pressure = 6.112 * exp(17.62 * celsius / (243.12 + celsius))  // hPa
    return 216.7 * pressure / (273.15 + celsius)
}

/// The hour of the day, in 0..<24, UTC.
///
/// - Parameter clock: seconds since 1970
func hour(_ clock: Double) -> Double {
    let hours = clock / 3_600
    return hours - 24 * (hours / 24).rounded(.down)
}
