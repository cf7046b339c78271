/// The whole line, for all devices: samples in, assessments out.
///
/// One owner, no lock, no clock, no file. Time passes when someone says so, by ``tick(_:emit:)``.
/// Once a device is known, nothing here allocates unless a condition changes.
public struct Fleet: Sendable {
    /// Every device seen so far, by number.
    public internal(set) var devices: [DeviceMonitor] = []
    /// What was counted.
    public internal(set) var counters = FleetCounters()
    /// When alerts ring.
    public var policies: AlertPolicies
    /// How much longer than its period a frame waits for its samples.
    public let lateness: Duration
    /// How many devices are watched at most.
    public var capacity: Int

    private var table = NameTable()
    /// Devices with a complete frame, in the order in which it was completed.
    private var ready: [Int] = []
    /// The latest sample of each stream, in event time.
    private var latest: [Timestamp] = []

    /// A fleet without devices.
    public init(
        policies: AlertPolicies = AlertPolicies(),
        lateness: Duration = .seconds(2),
        capacity: Int = 10_000
    ) {
        self.policies = policies
        self.lateness = lateness
        self.capacity = capacity
    }

    /// The number of a device that is known.
    public func find(_ name: Span<UInt8>) -> Int? { table.find(name) }

    /// The number of a device that is known.
    public func find(_ name: String) -> Int? { table.find(name) }

    /// Begins to watch a device; `nil` if there are too many already.
    public mutating func add(
        _ name: String,
        model: Model,
        stream: Int,
        now: Timestamp
    ) -> Int? {
        if let known = table.find(name) { return known }
        guard devices.count < capacity else {
            counters.devicesRefused += 1
            return nil
        }
        let monitor = DeviceMonitor(
            name: name,
            model: model,
            stream: stream,
            lateness: lateness,
            now: now
        )
        devices.append(monitor)
        while latest.count <= stream { latest.append(Timestamp(microseconds: .min)) }
        return table.insert(name)
    }

    /// Takes in one sample.
    ///
    /// When it completes a frame, its device waits for ``assess(_:)``; a frame that must leave first,
    /// to make room or because of a gap, is assessed on the way.
    public mutating func take(
        _ sample: Sample,
        arrival: Timestamp,
        emit: (Assessment) -> Void
    ) {
        let device = sample.device
        counters.samples += 1
        if !sample.isRetained { note(sample, arrival: arrival, emit: emit) }
        var placement = devices[device].place(sample)
        while placement == .full {
            assessOldest(device, emit: emit)
            placement = devices[device].place(sample)
        }
        if placement == .gap {
            while devices[device].assembler.hasOpenFrame { assessOldest(device, emit: emit) }
            devices[device].reset()
            counters.resets += 1
            placement = devices[device].place(sample)
        }
        counters.count(placement)
        if devices[device].becomesReady() { ready.append(device) }
    }

    /// Advances and judges every device whose frame is complete.
    public mutating func assess(_ emit: (Assessment) -> Void) {
        for i in ready.indices {
            let device = ready[i]
            while devices[device].staysReady() { assessOldest(device, emit: emit) }
        }
        ready.removeAll(keepingCapacity: true)
    }

    /// Lets time pass: frames that nobody will complete leave, and silence is noticed.
    public mutating func tick(_ now: Timestamp, emit: (Assessment) -> Void) {
        for device in devices.indices {
            let idle = now - devices[device].lastArrival
            let patience = devices[device].model.clock.period + lateness
            if devices[device].assembler.hasOpenFrame, idle > max(patience, .seconds(5)) {
                while devices[device].assembler.hasOpenFrame { assessOldest(device, emit: emit) }
            }
            guard let last = devices[device].latest else { continue }
            let behind = latest[devices[device].stream] - last
            noteSilence(device, for: max(idle, behind), since: last, emit: emit)
        }
    }

    /// Assesses all that is left, complete or not; for the end of a recording.
    public mutating func flush(_ emit: (Assessment) -> Void) {
        for device in devices.indices {
            while devices[device].assembler.hasOpenFrame { assessOldest(device, emit: emit) }
            devices[device].isReady = false
        }
        ready.removeAll(keepingCapacity: true)
    }

    private mutating func assessOldest(_ device: Int, emit: (Assessment) -> Void) {
        counters.frames += 1
        emit(devices[device].assessOldest(device: device, policies: policies))
    }
}

extension Fleet {
    /// Notes that a device is alive, and whether it was silent before.
    private mutating func note(
        _ sample: Sample,
        arrival: Timestamp,
        emit: (Assessment) -> Void
    ) {
        let device = sample.device
        let before = devices[device].hear(at: arrival)
        let stream = devices[device].stream
        if sample.time > latest[stream] { latest[stream] = sample.time }
        guard let last = before, sample.time > last else { return }
        noteSilence(device, for: sample.time - last, since: last, emit: emit)
        let silence = AlertKind.silence
        let cleared = devices[device].conditions[silence.rawValue].clear(time: sample.time)
        if let cleared {
            announce(device, cleared, level: 0, time: sample.time, emit: emit)
        }
    }

    private mutating func noteSilence(
        _ device: Int,
        for span: Duration,
        since: Timestamp,
        emit: (Assessment) -> Void
    ) {
        // No limit is shorter, and this is soon said of a sample that comes in time.
        guard span >= policies.silence.atLeast else { return }
        let model = devices[device].model
        let limit = policies.silence.limit(
            period: model.clock.period,
            usualGap: model.calibration.faults.usualGap
        )
        guard span >= limit else { return }
        // The moment when the limit was passed, not the one when it was noticed: a replay at any
        // speed says the same.
        let time = since + limit
        let silence = AlertKind.silence
        let raised = devices[device].conditions[silence.rawValue].raise(
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
        emit: (Assessment) -> Void
    ) {
        let monitor = devices[device]
        emit(monitor.assessment(device, of: .silence, transition, level: level, time: time))
    }
}

extension Fleet {
    /// Gives a device back what it remembered; when that fails it is as it was.
    public mutating func restore(
        _ device: Int,
        from bytes: ArraySlice<UInt8>
    ) throws(StateError) {
        var reader = StateReader(bytes)
        try devices[device].restore(from: &reader)
        if let last = devices[device].latest {
            let stream = devices[device].stream
            latest[stream] = max(latest[stream], last)
        }
    }

    /// Gives a device back what is raised, when its state is another model's.
    public mutating func restoreConditions(
        _ device: Int,
        from bytes: ArraySlice<UInt8>
    ) throws(StateError) {
        var reader = StateReader(bytes)
        try devices[device].restoreConditions(from: &reader)
    }

    /// The same devices under changed streams, models and policies.
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
    public func reloaded(
        names: [String],
        intake: Intake,
        policies: AlertPolicies,
        now: Timestamp,
        emit: (Assessment) -> Void
    ) -> (fleet: Fleet, kept: Int) {
        var next = Fleet(policies: policies, lateness: lateness, capacity: capacity)
        next.counters = counters
        var kept = 0
        for (old, monitor) in devices.enumerated() {
            let name = names[monitor.stream]
            guard let stream = intake.streams.firstIndex(where: { $0.name == name }),
                let model = intake.assignment.model(device: monitor.name, stream: name),
                model.identity == monitor.model.identity || !monitor.raisedKinds.isEmpty,
                let number = next.add(
                    monitor.name,
                    model: model,
                    stream: stream,
                    now: monitor.lastArrival
                )
            else {
                clear(monitor, old, now: now, emit: emit)
                continue
            }
            guard model.identity == monitor.model.identity else {
                next.devices[number].conditions = monitor.conditions
                continue
            }
            kept += 1
            next.devices[number] = monitor.moved(to: stream)
            if let last = monitor.latest { next.latest[stream] = max(next.latest[stream], last) }
        }
        return (next, kept)
    }

    /// Clears whatever is raised of a device that leaves.
    private func clear(
        _ monitor: DeviceMonitor,
        _ device: Int,
        now: Timestamp,
        emit: (Assessment) -> Void
    ) {
        var monitor = monitor
        for kind in monitor.raisedKinds {
            guard let cleared = monitor.conditions[kind.rawValue].clear(time: now) else { continue }
            emit(monitor.assessment(device, of: kind, cleared, level: 0, time: now))
        }
    }
}
