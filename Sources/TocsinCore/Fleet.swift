/// The whole line, for all devices: samples in, assessments out.
///
/// One owner, no lock, no clock, no file. Time passes when someone says so, by ``tick(_:emit:)``.
/// Once a device is known, nothing here allocates unless a condition changes.
public struct Fleet: ~Copyable, Sendable {
    /// What was counted.
    public internal(set) var counters = FleetCounters()
    /// When alerts ring.
    public var policies: AlertPolicies
    /// How much longer than its period a frame waits for its samples.
    public let lateness: Duration
    /// How many devices are watched at most.
    public var capacity: Int

    /// Where a device's record lies.
    struct Place: BitwiseCopyable, @unchecked Sendable {
        // @unchecked: addresses into groups of the same fleet.
        let record: DeviceRecord
        let stream: Int32
        let group: Int32
    }

    private var table = NameTable()
    /// By the device's number.
    private(set) var places: [Place] = []
    private var groups: [ModelGroup] = []
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

    /// A device's name.
    public func name(of device: Int) -> String { table.names[device] }

    /// What judges a device.
    public func model(of device: Int) -> Model { groups[Int(places[device].group)].model }

    /// Fetches into the caches what taking in a row of a device reads.
    func fetch(_ device: Int) { places[device].record.fetchSlots() }

    /// Tells whether the channels' names are those of another device.
    func namesIdentity(of device: Int) -> UInt64 {
        unsafe places[device].record.usual.pointee.namesIdentity
    }

    /// Begins to watch a device; `nil` if there are too many already.
    public mutating func add(
        _ name: String,
        model: Model,
        stream: Int,
        now: Timestamp
    ) -> Int? {
        if let known = table.find(name) { return known }
        guard places.count < capacity else {
            counters.devicesRefused += 1
            return nil
        }
        let known = groups.firstIndex { $0.model === model }
        if known == nil { groups.append(ModelGroup(model, lateness: lateness)) }
        let group = known ?? groups.count - 1
        let record = groups[group].add(name, device: places.count, now: now)
        places.append(Place(record: record, stream: Int32(stream), group: Int32(group)))
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
        emit: (borrowing Assessment) -> Void
    ) {
        let row = begin(
            sample.device,
            time: sample.time,
            arrival: arrival,
            isRetained: sample.isRetained,
            emit: emit
        )
        put(sample.value, channel: sample.channel, in: row)
        end(row)
    }

    /// Advances and judges every device whose frame is complete, those of one model together.
    public mutating func assess(_ emit: (borrowing Assessment) -> Void) {
        for i in groups.indices { counters.frames += groups[i].assess(policies, emit: emit) }
    }

    /// Lets time pass: frames that nobody will complete leave, and silence is noticed.
    public mutating func tick(_ now: Timestamp, emit: (borrowing Assessment) -> Void) {
        for device in places.indices {
            let record = places[device].record
            let slots = record.slots
            let idle = now - record.heads[0].lastArrival
            let patience = Duration.microseconds(slots.timing.period) + lateness
            if slots.hasOpenFrame, idle > max(patience, .seconds(5)) {
                assessAll(device, emit: emit)
            }
            guard let last = slots.latest else { continue }
            let behind = latest[Int(places[device].stream)] - last
            noteSilence(device, for: max(idle, behind), since: last, emit: emit)
        }
    }

    /// Assesses all that is left, complete or not; for the end of a recording.
    public mutating func flush(_ emit: (borrowing Assessment) -> Void) {
        for device in places.indices {
            assessAll(device, emit: emit)
            places[device].record.heads[0].isReady = false
        }
        for i in groups.indices { groups[i].removeReady() }
    }

    private mutating func assessAll(_ device: Int, emit: (borrowing Assessment) -> Void) {
        while places[device].record.slots.hasOpenFrame { assessOldest(device, emit: emit) }
    }

    private mutating func assessOldest(_ device: Int, emit: (borrowing Assessment) -> Void) {
        counters.frames += 1
        var alone = [places[device].record]
        let group = groups[Int(places[device].group)]
        alone.withNumbers { group.assess($0, policies, emit: emit) }
    }
}

extension Fleet {
    /// Samples of one device and one time, while they are taken in.
    public struct Row: BitwiseCopyable {
        let device: Int
        let time: Timestamp
        let seat: FrameSlots.Seat
        let isRetained: Bool
    }

    /// Begins a row: notes that the device is alive, and makes room for the row's frame.
    ///
    /// A frame that must leave first, to make room or because of a gap, is assessed at once.
    public mutating func begin(
        _ device: Int,
        time: Timestamp,
        arrival: Timestamp,
        isRetained: Bool,
        emit: (borrowing Assessment) -> Void
    ) -> Row {
        guard !isRetained else {
            return Row(
                device: device,
                time: time,
                seat: .none(.placed),
                isRetained: true
            )
        }
        note(device, time: time, arrival: arrival, emit: emit)
        let record = places[device].record
        var seat = record.slots.seat(at: time.microseconds)
        while case .none(.full) = seat {
            assessOldest(device, emit: emit)
            seat = record.slots.seat(at: time.microseconds)
        }
        if case .none(.gap) = seat {
            assessAll(device, emit: emit)
            record.reset()
            counters.resets += 1
            seat = record.slots.seat(at: time.microseconds)
        }
        return Row(
            device: device,
            time: time,
            seat: seat,
            isRetained: false
        )
    }

    /// Takes in one value of a row.
    ///
    /// - Parameters:
    ///   - value: in the channel's unit; NaN for "no value"
    ///   - channel: its place in the frame of the device's model
    ///   - row: as begun
    public mutating func put(_ value: Double, channel: Int, in row: Row) {
        counters.samples += 1
        guard !row.isRetained else {
            return places[row.device].record.slots.keep(channel, value, row.time.microseconds)
        }
        switch row.seat {
        case .frame(let frame):
            let time = row.time.microseconds
            let slots = places[row.device].record.slots
            let placement = slots.put(value, channel: channel, frame: frame, time: time)
            if placement != .placed { counters.count(placement) }
        case .none(let placement):
            counters.count(placement)
        }
    }

    /// Ends a row; its device waits for ``assess(_:)`` if a frame is complete.
    public mutating func end(_ row: Row) {
        let place = places[row.device]
        if place.record.becomesReady() { groups[Int(place.group)].append(place.record) }
    }

    /// Every device seen so far, by number.
    public var devices: [DeviceMonitor] {
        places.map { DeviceMonitor($0.record, stream: Int($0.stream)) }
    }

    /// How many devices there are.
    public var count: Int { places.count }
}

extension Fleet {
    /// Notes that a device is alive, and whether it was silent before.
    private mutating func note(
        _ device: Int,
        time: Timestamp,
        arrival: Timestamp,
        emit: (borrowing Assessment) -> Void
    ) {
        let place = places[device]
        let heads = place.record.heads
        let before = place.record.slots.latest
        heads[0].lastArrival = arrival
        let stream = Int(place.stream)
        if time > latest[stream] { latest[stream] = time }
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
        let raised = places[device].record.heads[0].conditions[silence.rawValue].raise(
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
        let record = places[device].record
        let monitor = DeviceMonitor(record)
        let alert = monitor.alert(.silence, transition, level: level, time: time)
        emit(Assessment(record, alert: alert))
    }
}

extension Fleet {
    /// Gives a device back what it remembered; when that fails it is as it was.
    public mutating func restore(
        _ device: Int,
        from bytes: ArraySlice<UInt8>
    ) throws(StateError) {
        let place = places[device]
        try place.record.restore(bytes)
        if let last = place.record.slots.latest {
            let stream = Int(place.stream)
            latest[stream] = max(latest[stream], last)
        }
    }

    /// Gives a device back what is raised, when its state is another model's.
    public mutating func restoreConditions(
        _ device: Int,
        from bytes: ArraySlice<UInt8>
    ) throws(StateError) {
        try places[device].record.restoreConditions(bytes)
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
        var next = Fleet(policies: policies, lateness: lateness, capacity: capacity)
        next.counters = counters
        var kept = 0
        for device in devices {
            let name = names[device.stream]
            guard let stream = intake.streams.firstIndex(where: { $0.name == name }),
                let model = intake.assignment.model(device: device.name, stream: name),
                model.identity == device.model.identity || !device.raisedKinds.isEmpty,
                let number = next.add(
                    device.name,
                    model: model,
                    stream: stream,
                    now: device.lastArrival
                )
            else {
                clear(device.record, now: now, emit: emit)
                continue
            }
            let record = next.places[number].record
            guard model.identity == device.model.identity else {
                record.heads[0].conditions = device.conditions
                continue
            }
            kept += 1
            record.copy(device.record)
            if let last = device.latest {
                next.latest[stream] = max(next.latest[stream], last)
            }
        }
        self = next
        return kept
    }

    /// Clears whatever is raised of a device that leaves.
    private func clear(
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
