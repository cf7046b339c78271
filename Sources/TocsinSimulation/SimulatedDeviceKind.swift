import TocsinCore

/// A kind of simulated device.
public enum SimulatedDeviceKind: String, Sendable, CaseIterable {
    /// A speed-controlled centrifugal pump in load cycles.
    case pump
    /// A household refrigerator with a hysteresis thermostat.
    case refrigerator
    /// A heated buffer tank under level control.
    case tank
    /// A heated room with people in it.
    case room
}

extension SimulatedDeviceKind {
    /// What devices of this kind measure, in the order of a row's values.
    public var channels: [SimulatedChannel] {
        switch self {
        case .pump: PumpProcess.channels
        case .refrigerator: RefrigeratorProcess.channels
        case .tank: TankProcess.channels
        case .room: RoomProcess.channels
        }
    }

    /// The usual length of one cycle of operation.
    public var cycle: Duration {
        switch self {
        case .pump: .seconds(20 * 60)
        case .refrigerator: .seconds(30 * 60)
        case .tank: .seconds(60 * 60)
        case .room: .seconds(24 * 60 * 60)
        }
    }

    /// The kind of the device `name`, such as `pump-1`; `nil` if no device can have that name.
    public init?(deviceName name: String) {
        guard let dash = name.lastIndex(of: "-") else { return nil }
        let number = name[name.index(after: dash)...]
        guard let value = Int(number), value > 0, String(value) == number else { return nil }
        self.init(rawValue: String(name[..<dash]))
    }

    /// A device of this kind whose parameters and chances follow from `seed`.
    ///
    /// - Parameters:
    ///   - device: the device's name
    ///   - clock: seconds since 1970 at which it starts
    func process(seed: UInt64, device: String, clock: Double) -> any SimulatedProcess {
        var parameters = SeededGenerator(seed: seed, path: device, "parameters")
        let chance = SeededGenerator(seed: seed, path: device, "process")
        return switch self {
        case .pump: PumpProcess(&parameters, chance: chance, clock: clock)
        case .refrigerator: RefrigeratorProcess(&parameters, chance: chance, clock: clock)
        case .tank: TankProcess(&parameters, chance: chance, clock: clock)
        case .room: RoomProcess(&parameters, chance: chance, clock: clock)
        }
    }
}
