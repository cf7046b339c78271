import TocsinCore

extension SimulatedFault {
    /// Faults at random places, in the order of their starts.
    ///
    /// The range is cut into `count` equal slots with one fault in each, so that no two overlap and a
    /// device has time to recover. Kinds are taken in turn, in a drawn order.
    ///
    /// - Parameters:
    ///   - count: how many
    ///   - kinds: which; those that no device of `devices` can have are passed over
    ///   - devices: where
    ///   - range: when, counted from the start of the simulation
    ///   - durations: how long; cut to half of a slot
    ///   - seed: equal seeds give equal faults
    /// - Returns: `count` faults, or none if no device can have any of the kinds
    public static func random(
        _ count: Int,
        of kinds: [SimulatedFaultKind],
        among devices: [SimulatedGroup],
        in range: Range<Duration>,
        lasting durations: ClosedRange<Duration>,
        seed: UInt64
    ) -> [SimulatedFault] {
        var chance = SeededGenerator(seed: seed, path: "faults")
        let names = devices.deviceNames
        let possible = kinds.filter { kind in
            devices.contains { kind.deviceKinds.contains($0.kind) }
        }
        guard count > 0, !possible.isEmpty else { return [] }
        let order = possible.shuffled(using: &chance)
        let slot = (range.upperBound - range.lowerBound).inSeconds / Double(count)
        return (0..<count).map { index in
            let kind = order[index % order.count]
            let suited = names.filter { kind.deviceKinds.contains($0.kind) }
            let device = suited[Int.random(in: 0..<suited.count, using: &chance)]
            let spread = durations.upperBound.inSeconds - durations.lowerBound.inSeconds
            let drawn = durations.lowerBound.inSeconds + spread * chance.uniform()
            let duration = max(1, min(drawn, slot / 2).rounded())
            let begin = slot * Double(index) + (slot - duration) * chance.uniform()
            return SimulatedFault(
                kind,
                device: device.name,
                channels: kind.randomChannels(of: device.kind, &chance),
                start: range.lowerBound + .seconds(max(0, begin.rounded(.down))),
                duration: .seconds(duration),
                strength: kind.randomStrength(&chance)
            )
        }
    }
}

extension SimulatedFaultKind {
    /// One or two channels, as the kind needs; no switches, where most faults would not show.
    fileprivate func randomChannels(
        of device: SimulatedDeviceKind,
        _ chance: inout SeededGenerator
    ) -> [String] {
        let names = device.channels.filter { $0.unit != "1" }.map(\.name).shuffled(using: &chance)
        switch extent {
        case .channel: return [names[0]]
        case .twoChannels: return [names[0], names[1]]
        case .device: return []
        }
    }

    /// The usual strength, or up to half of it more or a quarter less; speeds stay beside 1.
    fileprivate func randomStrength(_ chance: inout SeededGenerator) -> Double? {
        guard let strengths else { return nil }
        let factor = 0.75 + 0.75 * chance.uniform()
        let isDownward = chance.uniform() < 0.5
        var strength = usualStrength * factor
        if self == .speed { strength = 1 + (usualStrength - 1) * factor * (isDownward ? -1 : 1) }
        if strengths.lowerBound < 0, isDownward { strength = -strength }
        return min(
            max((strength * 100).rounded() / 100, strengths.lowerBound),
            strengths.upperBound
        )
    }
}
