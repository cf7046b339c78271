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
    /// How many devices it and others watch at most.
    let quota: DeviceQuota

    /// Where a device's record lies.
    struct Place: BitwiseCopyable, @unchecked Sendable {
        // @unchecked: addresses into groups of the same fleet.
        let record: DeviceRecord
        let stream: Int32
        let group: Int32
    }

    var table = DeviceTable()
    /// By the device's number; `nil` for one that left.
    var places: [Place?] = []
    var groups: [ModelGroup] = []
    /// How far each stream is, in event time: where its devices' latest samples are, but for what
    /// single clocks are ahead.
    var latest: [Timestamp] = []
    let memory: RecordMemory
    /// Saves records before they change; `nil` if nobody wants them back.
    let undo: UndoLog?
    /// Where the search for a device that may leave goes on.
    var hand = 0
    /// Numbers that belong to another device than before, until ``takeReplaced()``.
    var replaced: [Replaced] = []

    /// A fleet without devices.
    ///
    /// - Parameters:
    ///   - policies: when alerts ring
    ///   - lateness: how much longer than its period a frame waits for its samples
    ///   - capacity: how many devices are watched at most
    ///   - region: where its records lie; `nil` for the heap
    public init(
        policies: AlertPolicies = AlertPolicies(),
        lateness: Duration = .seconds(2),
        capacity: Int = 10_000,
        region: RecordRegion? = nil
    ) {
        self.init(policies, lateness, DeviceQuota(capacity), RecordMemory(region))
    }

    /// A fleet without devices, beside others.
    ///
    /// - Parameters:
    ///   - policies: when alerts ring
    ///   - lateness: how much longer than its period a frame waits for its samples
    ///   - quota: how many devices all of them watch at most
    ///   - region: where its records lie; `nil` for the heap
    public init(
        policies: AlertPolicies,
        lateness: Duration,
        quota: DeviceQuota,
        region: RecordRegion?
    ) {
        self.init(policies, lateness, quota, RecordMemory(region))
    }

    init(
        _ policies: AlertPolicies,
        _ lateness: Duration,
        _ quota: DeviceQuota,
        _ memory: RecordMemory
    ) {
        self.policies = policies
        self.lateness = lateness
        self.quota = quota
        self.memory = memory
        undo = memory.region?.undo
    }

    /// The half of its region that its records lie in.
    public var half: Int { memory.half }

    /// The number of a device that is known.
    public func find(_ name: Span<UInt8>) -> Int? { table.find(name) }

    /// The number of a device that is known.
    public func find(_ name: String) -> Int? { table.find(name) }

    /// Where a device's record lies that is there.
    @inline(__always)
    func place(_ device: Int) -> Place {
        guard let place = places[device] else { preconditionFailure("device \(device) has left") }
        return place
    }

    /// Where a device's record lies that is about to be changed: what taking in a row changes.
    @inline(__always)
    func changing(_ device: Int) -> Place {
        let place = place(device)
        if let undo { place.record.save(in: undo) }
        return place
    }

    /// Where a device's record lies of which all is about to be changed.
    func changingAll(_ device: Int) -> Place {
        let place = place(device)
        if let undo { place.record.saveAll(in: undo) }
        return place
    }

    /// A device's name.
    public func name(of device: Int) -> String { DeviceMonitor(place(device).record).name }

    /// What judges a device.
    public func model(of device: Int) -> Model { groups[Int(place(device).group)].model }

    /// Fetches a device's record into the caches: it is about to be changed.
    func fetch(_ device: Int) { place(device).record.fetch() }

    /// Tells whether the channels' names are those of another device.
    func namesIdentity(of device: Int) -> UInt64 {
        unsafe place(device).record.usual.pointee.namesIdentity
    }

    /// Begins to watch a device; `nil` if there are too many already, and all of them are needed.
    ///
    /// - Parameters:
    ///   - name: at most 256 bytes
    ///   - model: what judges it
    ///   - stream: the number of the stream that it came by
    ///   - streamName: hashed, tells its stream to a later process
    ///   - now: the time of its first message
    ///   - emit: gets what was cleared of a device that had to leave
    public mutating func add(
        _ name: String,
        model: Model,
        stream: Int,
        streamName: String = "",
        now: Timestamp,
        emit: (borrowing Assessment) -> Void = { _ in }
    ) -> Int? {
        if let known = table.find(name) { return known }
        guard quota.take() || removeIdle(now: now, emit: emit) && quota.take() else {
            counters.devicesRefused += 1
            return nil
        }
        return insert(name, model: model, stream: stream, streamName: streamName, now: now)
    }

    /// Begins to watch a device that is not known, and counted already.
    mutating func insert(
        _ name: String,
        model: Model,
        stream: Int,
        streamName: String,
        now: Timestamp
    ) -> Int {
        let known = groups.firstIndex { $0.model === model }
        if known == nil {
            groups.append(ModelGroup(model, lateness: lateness, memory: memory))
        }
        let group = known ?? groups.count - 1
        let number = table.insert(name)
        let record = groups[group].add(
            name,
            stream: stableHash(streamName),
            device: number,
            now: now
        )
        let place = Place(record: record, stream: Int32(stream), group: Int32(group))
        if number == places.count { places.append(place) } else { places[number] = place }
        while latest.count <= stream { latest.append(Timestamp(microseconds: .min)) }
        return number
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
        end(row, emit: emit)
    }

    /// Advances and judges every device whose frame is complete, those of one model together.
    public mutating func assess(_ emit: (borrowing Assessment) -> Void) {
        for i in groups.indices { counters.frames += groups[i].assess(policies, emit: emit) }
    }

    /// Assesses all that is left, complete or not; for the end of a recording.
    public mutating func flush(_ emit: (borrowing Assessment) -> Void) {
        for device in places.indices where places[device] != nil {
            assessAll(device, emit: emit)
            changing(device).record.heads[0].isReady = false
        }
        for i in groups.indices { groups[i].removeReady() }
    }

    mutating func assessAll(_ device: Int, emit: (borrowing Assessment) -> Void) {
        while place(device).record.slots.hasOpenFrame { assessOldest(device, emit: emit) }
    }

    mutating func assessOldest(_ device: Int, emit: (borrowing Assessment) -> Void) {
        counters.frames += 1
        let place = changing(device)
        var alone = [place.record]
        let group = groups[Int(place.group)]
        alone.withNumbers { group.assess($0, policies, emit: emit) }
    }
}

extension Fleet {
    /// Every device seen so far, by number.
    public var devices: [DeviceMonitor] {
        places.compactMap { place in
            place.map { DeviceMonitor($0.record, stream: Int($0.stream)) }
        }
    }

    /// The device of a number below ``numbers``, if there is one.
    public func device(_ number: Int) -> DeviceMonitor? {
        places[number].map { DeviceMonitor($0.record, stream: Int($0.stream)) }
    }

    /// One more than the largest number a device has.
    public var numbers: Int { places.count }

    /// Whether no device more may be watched.
    public var isFull: Bool { quota.isUsedUp }

    /// How many devices are watched at most, those of other fleets with the same quota included.
    public var capacity: Int { quota.limit }

    /// How many devices there are.
    public var count: Int { table.count }
}
