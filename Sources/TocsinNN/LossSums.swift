/// Weighted squared errors and their weights, kept apart so that chunks can be added.
public struct LossSums: Sendable, Equatable {
    /// The sum of weight × squared error of the forecasts; dimensionless.
    public var forecastError = 0.0
    /// The sum of the weights of the forecasts.
    public var forecastWeight = 0.0
    /// The sum of weight × squared error of the reconstructions; dimensionless.
    public var reconstructError = 0.0
    /// The sum of the weights of the reconstructions.
    public var reconstructWeight = 0.0

    /// Sums over nothing.
    public init() {}

    /// The loss: the weighted mean squared error of each head, added; a head without any weight
    /// adds 0.
    public var mean: Double {
        (forecastWeight > 0 ? forecastError / forecastWeight : 0)
            + (reconstructWeight > 0 ? reconstructError / reconstructWeight : 0)
    }

    /// Adds the sums of another chunk.
    public static func += (a: inout LossSums, b: LossSums) {
        a.forecastError += b.forecastError
        a.forecastWeight += b.forecastWeight
        a.reconstructError += b.reconstructError
        a.reconstructWeight += b.reconstructWeight
    }
}
