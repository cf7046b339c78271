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
        let gap = before.map { time - $0 }
        advanceStream(device, to: time, after: gap)
        guard let before, let gap, gap > .zero else { return }
        noteSilence(device, for: gap, since: before, emit: emit)
        let silence = AlertKind.silence
        guard heads[0].conditions[silence.rawValue].isRaised else { return }
        if let cleared = heads[0].conditions[silence.rawValue].clear(time: time) {
            announce(device, cleared, level: 0, time: time, emit: emit)
        }
    }

    /// Lets a stream's clock go on with the clock of a device that spoke.
    ///
    /// A clock that leaps, or is ahead when it is first seen, moves nobody else's: the device is ahead
    /// of its stream from then on, and only its steady steps count.
    private mutating func advanceStream(
        _ device: Int,
        to time: Timestamp,
        after gap: Duration?
    ) {
        let place = place(device)
        let stream = Int(place.stream)
        let heads = place.record.heads
        if leaps(device, gap) {
            let isFirst = latest[stream].microseconds == .min
            let ahead = isFirst ? .zero : time - latest[stream]
            let isAhead = ahead >= silenceLimit(of: device)
            heads[0].lead = isAhead ? time.microseconds - latest[stream].microseconds : 0
        }
        latest[stream] = max(
            latest[stream],
            Timestamp(microseconds: time.microseconds - heads[0].lead)
        )
        heads[0].streamTime = latest[stream]
    }

    /// Whether a device is seen for the first time, or after what would have been silence.
    @inline(__always)
    private func leaps(_ device: Int, _ gap: Duration?) -> Bool {
        guard let gap else { return true }
        // No limit is shorter.
        return gap >= policies.silence.atLeast && gap >= silenceLimit(of: device)
    }

    /// How long a device may say nothing.
    private func silenceLimit(of device: Int) -> Duration {
        let model = model(of: device)
        return policies.silence.limit(
            period: model.clock.period,
            usualGap: model.calibration.faults.usualGap
        )
    }

    private mutating func noteSilence(
        _ device: Int,
        for span: Duration,
        since: Timestamp,
        emit: (borrowing Assessment) -> Void
    ) {
        // No limit is shorter, and this is soon said of a sample that comes in time.
        guard span >= policies.silence.atLeast else { return }
        let limit = silenceLimit(of: device)
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
