// How a device's change of condition is told: which channels, how bad, since when.

extension DeviceMonitor {
    /// The alert of a change of condition.
    func alert(
        _ kind: AlertKind,
        _ transition: AlertCondition.Transition,
        level: Double,
        time: Timestamp
    ) -> Alert {
        let condition = conditions[kind.rawValue]
        return Alert(
            id: condition.id(kind, of: name),
            device: name,
            kind: kind,
            state: transition == .cleared ? .cleared : .raised,
            isReminder: transition == .reminded,
            severity: condition.severity,
            since: condition.since,
            time: time,
            score: level,
            peak: condition.peak,
            driftCause: kind == .drift ? driftCause(transition) : nil,
            channels: transition == .cleared ? [] : contributions(kind),
            model: model.name
        )
    }

    /// What has drifted; `nil` for an anomaly that has lasted for too long.
    private func driftCause(_ transition: AlertCondition.Transition) -> DriftCause? {
        guard let largest = lastDrift?.largest else { return nil }
        return transition == .raised && largest.ratio < 1 ? nil : largest.cause
    }

    /// The channels behind an alert, largest share first, at most ten.
    private func contributions(_ kind: AlertKind) -> [Alert.Contribution] {
        let weights: [Double] =
            switch kind {
            case .anomaly: record.energies.shares
            case .drift: record.drift.movements
            case .fault: causes.map { $0 == nil ? 0 : 1 }
            case .silence: []
            }
        let sum = weights.reduce(0, +)
        guard sum > 0 else { return [] }
        let order = weights.indices.filter { weights[$0] > 0 }
            .sorted { (-weights[$0], $0) < (-weights[$1], $1) }
        return order.prefix(10).map { c in
            let value = value(c)
            return Alert.Contribution(
                channel: model.channels[c].name,
                share: weights[c] / sum,
                value: value.isNaN ? nil : value,
                expected: expectedValue(c),
                unit: model.channels[c].unit,
                cause: kind == .fault ? causes[c] : nil
            )
        }
    }
}

extension DeviceMonitor {
    /// What is wrong with each channel, `[channels]`.
    var causes: [FaultCause?] { record.watches.causes }
}
