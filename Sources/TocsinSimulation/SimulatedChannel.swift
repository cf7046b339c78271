/// One measured quantity of a simulated device, and how its sensor sees it.
public struct SimulatedChannel: Sendable, Equatable {
    /// The name, such as `motor_current`; unique within a device.
    public let name: String

    /// The unit, such as `bar`; `1` for a switch or a share.
    public let unit: String

    /// What the quantity can physically be, in the channel's unit; only a faulty sensor leaves it.
    public let range: ClosedRange<Double>

    /// How far the quantity usually swings, in the channel's unit; the strength of a fault counts
    /// in it, so that 0.3 means as much for a pressure as for a temperature.
    public let swing: Double

    /// The standard deviation of the sensor's noise, in the channel's unit.
    public let noise: Double

    /// The smallest difference that the sensor reports, in the channel's unit.
    public let resolution: Double

    init(
        _ name: String,
        _ unit: String,
        _ range: ClosedRange<Double>,
        swing: Double,
        noise: Double,
        resolution: Double
    ) {
        self.name = name
        self.unit = unit
        self.range = range
        self.swing = swing
        self.noise = noise
        self.resolution = resolution
    }

    /// The reading nearest to `value`, in the channel's unit.
    func quantised(_ value: Double) -> Double {
        // Dividing by a whole number gives the nearest decimal, which prints short; multiplying by
        // 0.1 does not. Adding 0 turns -0 into 0.
        let steps = (1 / resolution).rounded()
        if steps > 1 { return (value * steps).rounded() / steps + 0 }
        return (value / resolution).rounded() * resolution + 0
    }
}
