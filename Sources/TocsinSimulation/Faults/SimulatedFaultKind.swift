/// What can go wrong with a simulated device.
public enum SimulatedFaultKind: String, Sendable, CaseIterable {
    /// Single readings jump up or down: the first, and then one in five.
    case spike
    /// The sensor reads too much, or with a negative strength too little.
    case offset
    /// The sensor's error grows evenly from nothing to the strength.
    case drift
    /// The sensor repeats its last reading.
    case stuck
    /// The sensor's noise grows.
    case noise
    /// The sensor follows late.
    case lag
    /// Two channels are exchanged.
    case swap
    /// The device sends nothing.
    case silence
    /// The process runs faster or slower; afterwards it goes on in the phase it has reached.
    case speed
    /// The pipe behind a pump narrows.
    case clog
    /// Vapour forms at a pump's impeller.
    case cavitation
    /// A refrigerator has lost refrigerant, or a tank has a hole.
    case leak
    /// A room's window stands open.
    case window
}

extension SimulatedFaultKind {
    /// What a fault of this kind is ordered for.
    public enum Extent: Sendable, Equatable {
        /// One channel.
        case channel
        /// Two channels.
        case twoChannels
        /// The whole device.
        case device
    }

    /// What a fault of this kind is ordered for.
    public var extent: Extent {
        switch self {
        case .spike, .offset, .drift, .stuck, .noise, .lag: .channel
        case .swap: .twoChannels
        case .silence, .speed, .clog, .cavitation, .leak, .window: .device
        }
    }

    /// The kinds of device that can have it.
    public var deviceKinds: [SimulatedDeviceKind] {
        switch self {
        case .clog, .cavitation: [.pump]
        case .leak: [.refrigerator, .tank]
        case .window: [.room]
        case .spike, .offset, .drift, .stuck, .noise, .lag, .swap, .silence, .speed:
            SimulatedDeviceKind.allCases
        }
    }

    /// Which strengths it can have; `nil` if it is there or not.
    ///
    /// - `spike`, `offset`, `drift`: the error in swings of the channel
    ///   (``SimulatedChannel/swing``), up or down
    /// - `noise`: the standard deviation of the added noise in swings
    /// - `lag`: the time constant in cycles of the device (``SimulatedDeviceKind/cycle``)
    /// - `speed`: the factor, 1 being healthy
    /// - `clog`, `cavitation`, `leak`, `window`: the share of the worst
    public var strengths: ClosedRange<Double>? {
        switch self {
        case .spike, .offset, .drift: -100...100
        case .noise: 0...100
        case .lag: 0...10
        case .speed: 0.1...3
        case .clog, .cavitation, .leak, .window: 0...1
        case .stuck, .swap, .silence: nil
        }
    }

    /// The strength of a fault that is ordered without one: moderate, to be seen in a plot.
    public var usualStrength: Double {
        switch self {
        case .spike: 1
        case .offset: 0.3
        case .drift: 0.5
        case .noise: 0.2
        case .lag: 0.15
        case .speed: 1.4
        case .clog, .cavitation, .leak, .window: 0.5
        case .stuck, .swap, .silence: 0
        }
    }
}
