// What outlives a fleet: taken back after a restart, taken over at a reload.

extension Fleet {
    /// Gives a device back what it remembered; when that fails it is as it was.
    public mutating func restore(
        _ device: Int,
        from bytes: ArraySlice<UInt8>
    ) throws(StateError) {
        let place = changingAll(device)
        try place.record.restore(bytes)
        noteStream(of: place)
    }

    /// Gives a device back what is raised, when its state is another model's.
    public mutating func restoreConditions(
        _ device: Int,
        from bytes: ArraySlice<UInt8>
    ) throws(StateError) {
        try changing(device).record.restoreConditions(bytes)
    }

    /// What became of a device that an earlier process left in memory.
    public enum Adoption: Sendable {
        /// It goes on as if nothing had happened.
        case whole
        /// Another model judges it now, or its record is of another form: only what is raised stays.
        case conditions
        /// Nothing of it could be used.
        case none
    }

    /// Takes over a device that an earlier process left in memory.
    public mutating func adopt(
        _ saved: SavedDevice,
        model: Model,
        stream: Int,
        streamName: String,
        now: Timestamp
    ) -> Adoption {
        let number = add(
            saved.name,
            model: model,
            stream: stream,
            streamName: streamName,
            now: now
        )
        guard let number, saved.chunk.headForm == DeviceHead.form else { return .none }
        let place = place(number)
        guard groups[Int(place.group)].understands(saved), place.record.adopt(saved) else {
            place.record.heads[0].conditions = saved.head.conditions
            return .conditions
        }
        noteStream(of: place)
        return .whole
    }

    /// Forgets how far the streams were when each device was heard last.
    ///
    /// For devices that come from several fleets, whose streams were not equally far. Belongs to taking
    /// them over, so nothing is saved in the undo log.
    public mutating func forgetStreamTimes() {
        for place in places {
            place?.record.heads[0].streamTime = Timestamp(microseconds: .min)
        }
    }

    /// Goes on with the same devices under changed streams, models and policies.
    ///
    /// A device keeps everything if its stream still exists and the same model judges it. If another
    /// model does, it begins anew, but what is raised stays raised until that model says otherwise. Of
    /// a device that nobody judges any more, everything is cleared.
    ///
    /// - Parameters:
    ///   - names: the streams' names as they were
    ///   - intake: the streams and models as they are now
    ///   - policies: when alerts ring from now on
    ///   - now: when that is
    ///   - emit: gets what was cleared
    /// - Returns: how many devices kept everything
    public mutating func reload(
        names: [String],
        intake: Intake,
        policies: AlertPolicies,
        now: Timestamp,
        emit: (borrowing Assessment) -> Void
    ) -> Int {
        var next = Fleet(policies, lateness, quota, RecordMemory(memory.region, half: 1 - half))
        next.counters = counters
        var kept = 0
        for device in devices {
            let name = names[device.stream]
            guard let stream = intake.streams.firstIndex(where: { $0.name == name }),
                let model = intake.assignment.model(device: device.name, stream: name),
                model.identity == device.model.identity || !device.raisedKinds.isEmpty
            else {
                if let undo { device.record.save(in: undo) }
                clear(device.record, now: now, emit: emit)
                quota.giveBack()
                continue
            }
            let number = next.insert(
                device.name,
                model: model,
                stream: stream,
                streamName: name,
                now: device.lastArrival
            )
            let place = next.place(number)
            let record = place.record
            guard model.identity == device.model.identity else {
                record.heads[0].conditions = device.conditions
                continue
            }
            kept += 1
            record.copy(device.record)
            next.noteStream(of: place)
        }
        self = next
        return kept
    }

    /// Clears whatever is raised of a device that leaves.
    func clear(
        _ record: DeviceRecord,
        now: Timestamp,
        emit: (borrowing Assessment) -> Void
    ) {
        let monitor = DeviceMonitor(record)
        for kind in monitor.raisedKinds {
            let cleared = record.heads[0].conditions[kind.rawValue].clear(time: now)
            guard let cleared else { continue }
            let alert = monitor.alert(kind, cleared, level: 0, time: now)
            emit(Assessment(record, alert: alert))
        }
    }
}
