// What was raised of a device that nobody judges any more: it is over, and somebody has to say so.

extension Alert {
    /// The ends of all conditions of such a device.
    static func ends(
        of device: String,
        _ conditions: InlineArray<4, AlertCondition>,
        time: Timestamp
    ) -> [Alert] {
        AlertKind.allCases.compactMap { kind in
            let condition = conditions[kind.rawValue]
            guard condition.isRaised else { return nil }
            return Alert(
                id: condition.id(kind, of: device),
                device: device,
                kind: kind,
                state: .cleared,
                isReminder: false,
                severity: condition.severity,
                since: condition.since,
                time: time,
                score: 0,
                peak: condition.peak,
                driftCause: nil,
                channels: [],
                model: ""
            )
        }
    }

    /// The ends of all conditions that ``DeviceMonitor/saveConditions(to:)`` wrote of such a device.
    public static func ends(
        of device: String,
        _ bytes: ArraySlice<UInt8>,
        time: Timestamp
    ) throws(StateError) -> [Alert] {
        var reader = StateReader(bytes)
        var conditions = InlineArray<4, AlertCondition>(repeating: AlertCondition())
        for kind in AlertKind.allCases { try conditions[kind.rawValue].restore(from: &reader) }
        try reader.expectEnd()
        return ends(of: device, conditions, time: time)
    }
}

extension SavedDevice {
    /// The ends of all that is raised, if nobody judges it any more.
    public func ends(time: Timestamp) -> [Alert] {
        guard chunk.headForm == DeviceHead.form else { return [] }
        return Alert.ends(of: name, head.conditions, time: time)
    }
}

extension AlertCondition {
    /// The alert's identifier: the same from raising to clearing.
    func id(_ kind: AlertKind, of device: String) -> String {
        "\(device)-\(kind.name)-\(since.microseconds / 1000)"
    }

    /// How bad it is.
    var severity: Alert.Severity { peak >= 3 ? .critical : .warning }
}
