import TocsinCore

/// A fault to order: what goes wrong, where, when, and how badly.
///
/// A fault of a sensor ends with its interval. A fault of the process (speed, clog, cavitation, leak,
/// window) leaves the device in a state from which it recovers as its physics allows.
public struct SimulatedFault: Sendable, Equatable {
    /// What goes wrong.
    public var kind: SimulatedFaultKind

    /// The device's name, such as `pump-1`.
    public var device: String

    /// The channels concerned, as many as the kind's ``SimulatedFaultKind/extent`` asks for.
    public var channels: [String]

    /// When it begins, counted from the start of the simulation.
    public var start: Duration

    /// How long it lasts, more than 0.
    public var duration: Duration

    /// How bad it is, in the unit of the kind's ``SimulatedFaultKind/strengths``; 0 for a kind that
    /// has none.
    public var strength: Double

    /// A fault; without a strength it has the usual one.
    public init(
        _ kind: SimulatedFaultKind,
        device: String,
        channels: [String] = [],
        start: Duration,
        duration: Duration,
        strength: Double? = nil
    ) {
        self.kind = kind
        self.device = device
        self.channels = channels
        self.start = start
        self.duration = duration
        self.strength = strength ?? kind.usualStrength
    }

    /// Whether the fault acts at `offset` from the start of the simulation; its end is excluded.
    public func isActive(at offset: Duration) -> Bool {
        offset >= start && offset < start + duration
    }

    /// How much of the fault has passed at `offset`, 0..<1.
    func progress(at offset: Duration) -> Double {
        (offset - start).inSeconds / duration.inSeconds
    }

    /// Makes sure that the device can have this fault.
    func check() throws(SimulationError) {
        guard let deviceKind = SimulatedDeviceKind(deviceName: device) else {
            let known = SimulatedDeviceKind.allCases.map { "\($0.rawValue)-1" }
            throw SimulationError(description, .unknown("device", device, known: known))
        }
        guard kind.deviceKinds.contains(deviceKind) else {
            throw SimulationError(description, .notApplicable(kind, to: deviceKind.rawValue))
        }
        try checkChannels(deviceKind.channels.map(\.name))
        guard duration > .zero else {
            throw SimulationError(description, .outOfRange("duration", expected: "more than 0s"))
        }
        guard start >= .zero else {
            throw SimulationError(description, .outOfRange("start", expected: "0s or later"))
        }
        if let strengths = kind.strengths, !strengths.contains(strength) {
            let limits = "\(strengths.lowerBound)...\(strengths.upperBound)"
            throw SimulationError(description, .outOfRange("strength", expected: limits))
        }
        if kind.strengths == nil, strength != 0 {
            throw SimulationError(description, .outOfRange("strength", expected: "none"))
        }
    }

    private func checkChannels(_ known: [String]) throws(SimulationError) {
        for channel in channels where !known.contains(channel) {
            throw SimulationError(description, .unknown("channel", channel, known: known))
        }
        let isRight: Bool
        let expected: String
        switch kind.extent {
        case .channel: (isRight, expected) = (channels.count == 1, "one channel, '.name'")
        case .twoChannels:
            isRight = channels.count == 2 && channels[0] != channels[1]
            expected = "two channels, '.name/name'"
        case .device: (isRight, expected) = (channels.isEmpty, "no channel")
        }
        if !isRight {
            let found = channels.joined(separator: "/")
            throw SimulationError(
                description,
                .malformed("channel", found, expected: expected)
            )
        }
    }
}
