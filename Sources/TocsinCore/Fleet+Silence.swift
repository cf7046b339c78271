// Time that passes without a sample: frames that nobody completes, and silence.

extension Fleet {
    /// Lets time pass for all devices; see ``tick(_:devices:emit:)``.
    public mutating func tick(_ now: Timestamp, emit: (borrowing Assessment) -> Void) {
        tick(now, devices: places.indices, emit: emit)
    }

    /// Lets time pass for some devices: frames that nobody will complete leave, and silence is
    /// noticed.
    ///
    /// - Parameters:
    ///   - now: the time of day
    ///   - devices: their numbers, below ``numbers``
    ///   - emit: gets what that led to
    public mutating func tick(
        _ now: Timestamp,
        devices: Range<Int>,
        emit: (borrowing Assessment) -> Void
    ) {
        for device in devices {
            guard let place = places[device] else { continue }
            let record = place.record
            let slots = record.slots
            // A restored device may come from before the clock was set.
            if record.heads[0].lastArrival > now {
                changing(device).record.heads[0].lastArrival = now
            }
            let idle = now - record.heads[0].lastArrival
            let patience = Duration.microseconds(slots.timing.period) + lateness
            if slots.hasOpenFrame, idle > max(patience, .seconds(5)) {
                assessAll(device, emit: emit)
            }
            guard let last = slots.latest else { continue }
            // By how much the stream went on without it; where each is, only their own clocks say.
            let stream = latest[Int(place.stream)]
            if record.heads[0].streamTime.microseconds == .min {
                changing(device).record.heads[0].streamTime = stream
            }
            let behind = stream - record.heads[0].streamTime
            noteSilence(device, for: max(idle, behind), since: last, emit: emit)
        }
    }
}

extension Fleet {
    /// Notes that a device is alive, and whether it was silent before.
    mutating func note(
        _ device: Int,
        time: Timestamp,
        arrival: Timestamp,
        emit: (borrowing Assessment) -> Void
    ) {
        let place = place(device)
        let heads = place.record.heads
        let before = place.record.slots.latest
        heads[0].lastArrival = arrival
        let stream = Int(place.stream)
        if time > latest[stream] { latest[stream] = time }
        heads[0].streamTime = latest[stream]
        guard let last = before, time > last else { return }
        noteSilence(device, for: time - last, since: last, emit: emit)
        let silence = AlertKind.silence
        guard heads[0].conditions[silence.rawValue].isRaised else { return }
        if let cleared = heads[0].conditions[silence.rawValue].clear(time: time) {
            announce(device, cleared, level: 0, time: time, emit: emit)
        }
    }

    private mutating func noteSilence(
        _ device: Int,
        for span: Duration,
        since: Timestamp,
        emit: (borrowing Assessment) -> Void
    ) {
        // No limit is shorter, and this is soon said of a sample that comes in time.
        guard span >= policies.silence.atLeast else { return }
        let model = model(of: device)
        let limit = policies.silence.limit(
            period: model.clock.period,
            usualGap: model.calibration.faults.usualGap
        )
        guard span >= limit else { return }
        // The moment when the limit was passed, not the one when it was noticed: a replay at any
        // speed says the same.
        let time = since + limit
        let silence = AlertKind.silence
        guard !place(device).record.heads[0].conditions[silence.rawValue].isRaised else { return }
        let raised = changing(device).record.heads[0].conditions[silence.rawValue].raise(
            level: 1,
            since: since,
            time: time
        )
        if let raised { announce(device, raised, level: 1, time: time, emit: emit) }
    }

    /// Hands out a change of condition that no frame brought.
    private func announce(
        _ device: Int,
        _ transition: AlertCondition.Transition,
        level: Double,
        time: Timestamp,
        emit: (borrowing Assessment) -> Void
    ) {
        let record = place(device).record
        let monitor = DeviceMonitor(record)
        let alert = monitor.alert(.silence, transition, level: level, time: time)
        emit(Assessment(record, alert: alert))
    }
}
