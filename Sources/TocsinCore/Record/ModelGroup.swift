import TocsinNN

/// All devices that one model judges: their records, and the tile that is stepped together.
///
/// A class, because its records and constants have addresses. Only the fleet that owns it touches it.
@safe
final class ModelGroup: @unchecked Sendable {
    // @unchecked: it changes threads only together with its fleet.

    let model: Model
    /// The devices' names, by number.
    private(set) var names: [String] = []
    /// Numbers that are free again.
    private var removed: [Int] = []
    /// So many devices are stepped and judged at a time.
    static let tile = 24
    /// Records are allocated so many at a time, and never move.
    private static let chunk = 64
    /// Bytes from one record to the next.
    var slotSize: Int { DevicePlate.size + layout.size }

    private let scales: Constants<ModelUsual.Scale>
    private let residuals: Constants<AnomalyScorer.Usual>
    private let faults: Constants<FaultDetector.Limits>
    private let quantiles: Constants<Double>
    private let drift: DriftUsual
    private let usual: UnsafeMutablePointer<ModelUsual>
    private let layout: DeviceLayout
    private let memory: RecordMemory
    /// The first record of each chunk's slots, behind its plate.
    private var chunks: [UnsafeMutableRawPointer] = unsafe []

    /// Scaled values of the tile, NaN where missing, `[tile, channels]`.
    let features: Numbers<Float>
    /// What the network sees of them, `[tile, channels]`.
    let inputs: Numbers<Float>
    /// The tile's records, as the kernels take them.
    private let tileRecords: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
    /// Devices with a complete frame, in the order in which it was completed.
    private var ready: UnsafeMutablePointer<DeviceRecord>
    private var readyCapacity = chunk
    /// How many there are, `[1]`.
    private let readyCount: Numbers<Int>
    /// Whether a device may wait whose frames left another way.
    private var hasStale = false

    init(_ model: Model, lateness: Duration, memory: RecordMemory) {
        self.model = model
        self.memory = memory
        let channels = model.channels.count
        let calibration = model.calibration
        let timing = FrameTiming(clock: model.clock, lateness: lateness, channels: channels)
        let network = model.autoencoder.recordLayout
        layout = DeviceLayout(
            network,
            channels: channels,
            slots: Int(timing.slots),
            past: StatePace.span * HiddenUsual.padded(calibration.drift.hiddenMean.count)
        )
        scales = Constants(
            zip(model.scaler.offset, model.scaler.gain).map {
                ModelUsual.Scale(offset: $0, gain: $1)
            }
        )
        residuals = Constants(calibration.usualChannels)
        faults = Constants(calibration.faults.watched(model.channels))
        quantiles = Constants(calibration.tail.quantiles)
        drift = DriftUsual(calibration.drift)
        unsafe usual = .allocate(capacity: 1)
        unsafe ready = .allocate(capacity: Self.chunk)
        readyCount = .allocate(1, of: 0)
        features = .allocate(Self.tile * channels, of: 0)
        inputs = .allocate(Self.tile * channels, of: 0)
        unsafe tileRecords = .allocate(capacity: Self.tile)
        unsafe usual.initialize(
            to: ModelUsual(
                layout: layout,
                namesIdentity: model.table.identity,
                timing: timing,
                hiddenStart: model.autoencoder.hiddenRange.lowerBound,
                hiddenSize: model.autoencoder.hiddenRange.count,
                networkSize: network.stride,
                forecasts: model.autoencoder.blueprint.heads.contains(.forecast),
                warmUp: Int64(model.warmUp),
                monthsPerFrame: model.clock.monthsPerFrame,
                scales: scales.numbers,
                residuals: residuals.numbers,
                faults: faults.numbers,
                quantiles: quantiles.numbers,
                tailExcess: calibration.tail.excess,
                trained: calibration.residual.trained,
                recent: calibration.residual.recent,
                boundary: AnomalyScorer.positive(calibration.threshold),
                drift: drift.view,
                group: Unmanaged.passUnretained(self)
            )
        )
    }

    deinit {
        if memory.region == nil {
            let count = unsafe chunks.count
            for i in 0..<count { unsafe (chunks[i] - 64 - DevicePlate.size).deallocate() }
        }
        unsafe ready.deallocate()
        unsafe usual.deallocate()
        readyCount.deallocate()
        features.deallocate()
        inputs.deallocate()
        unsafe tileRecords.deallocate()
    }

    /// Adds a device that has seen nothing.
    ///
    /// It gets the place of one that was removed, if there is any.
    func add(_ name: String, stream: UInt64, device: Int, now: Timestamp) -> DeviceRecord {
        let number = removed.popLast() ?? names.count
        if number == names.count {
            if number % Self.chunk == 0 { addChunk() }
            if number >= readyCapacity { growReady() }
            names.append(name)
        } else {
            names[number] = name
        }
        let record = record(number)
        record.begin(
            DeviceHead(
                batch: memory.batch,
                lastArrival: now,
                keeper: ThresholdKeeper(model.calibration.peaks),
                number: Int32(number),
                device: Int32(device)
            ),
            reference: model.calibration.drift
        )
        record.plate.write(name, stream: stream, born: memory.batch)
        return record
    }

    /// Forgets a device; its place is given to the next one.
    func remove(_ record: DeviceRecord) {
        removed.append(Int(record.heads[0].number))
        record.plate.clear()
    }

    private func addChunk() {
        let head = RecordRegion.ChunkHead(
            length: 64 + Self.chunk * slotSize,
            slotSize: slotSize,
            slots: Self.chunk,
            headStart: layout.headStart,
            form: layout.form,
            headForm: DeviceHead.form,
            model: stableHash(model.identity),
            born: memory.batch
        )
        unsafe chunks.append(memory.allocate(head) + 64 + DevicePlate.size)
    }

    /// A device's record, by its number in this group.
    func record(_ number: Int) -> DeviceRecord {
        let chunk = unsafe chunks[number / Self.chunk]
        let base = unsafe chunk + number % Self.chunk * slotSize
        return unsafe DeviceRecord(base: base, usual: UnsafePointer(usual))
    }

    /// Whether a record of an earlier process is one of this group's.
    func understands(_ saved: SavedDevice) -> Bool {
        saved.chunk.form == layout.form && saved.chunk.model == stableHash(model.identity)
            && saved.chunk.slotSize == slotSize
    }

    private func growReady() {
        let larger = UnsafeMutablePointer<DeviceRecord>.allocate(
            capacity: 2 * readyCapacity
        )
        unsafe larger.update(from: ready, count: readyCount[0])
        unsafe ready.deallocate()
        unsafe ready = larger
        readyCapacity *= 2
    }
}

extension ModelGroup {
    /// Lets a device wait for ``assess(_:emit:)``; at most once, so that there is room.
    func append(_ record: DeviceRecord) {
        let count = readyCount[0]
        precondition(count < readyCapacity)
        unsafe ready[count] = record
        readyCount[0] = count + 1
    }

    /// Forgets who waits.
    func removeReady() { readyCount[0] = 0 }

    /// Notes that a device began anew; if it waits, it has nothing to wait for.
    func noteReset(_ record: DeviceRecord) {
        if record.heads[0].isReady { hasStale = true }
    }

    /// Keeps only who has a complete frame.
    private func removeStale() {
        hasStale = false
        var left = 0
        for i in 0..<readyCount[0] {
            let record = unsafe ready[i]
            record.heads[0].isReady = record.slots.hasCompleteFrame
            guard record.heads[0].isReady else { continue }
            unsafe ready[left] = record
            left += 1
        }
        readyCount[0] = left
    }

    /// Advances and judges every device that waits, a tile at a time, until no frame is complete.
    ///
    /// Each device gets the bits that it would get alone.
    ///
    /// - Returns: how many frames were judged
    func assess(_ policies: borrowing AlertPolicies, emit: (borrowing Assessment) -> Void) -> Int {
        if hasStale { removeStale() }
        var frames = 0
        while readyCount[0] > 0 {
            let waiting = readyCount[0]
            var left = 0
            var start = 0
            while start < waiting {
                let count = min(Self.tile, waiting - start)
                let tile = unsafe Numbers(ready + start, count: count)
                assess(tile, policies, emit: emit)
                for i in 0..<count {
                    let record = tile[i]
                    record.heads[0].isReady = record.slots.hasCompleteFrame
                    guard record.heads[0].isReady else { continue }
                    unsafe ready[left] = record
                    left += 1
                }
                frames += count
                start += count
            }
            readyCount[0] = left
        }
        return frames
    }

    /// Takes out the oldest frame of each device, steps them together, and judges each.
    func assess(
        _ tile: Numbers<DeviceRecord>,
        _ policies: borrowing AlertPolicies,
        emit: (borrowing Assessment) -> Void
    ) {
        for i in tile.indices { tile[i].removeOldest() }
        advance(tile)
        for i in tile.indices {
            if i + 1 < tile.count { tile[i + 1].fetchJudgement() }
            judge(tile[i], row: i, policies, emit: emit)
        }
    }

    /// Steps the network by the devices' frames.
    func advance(_ tile: Numbers<DeviceRecord>) {
        precondition(tile.count <= Self.tile)
        for i in tile.indices {
            prepare(tile[i], row: i)
            unsafe tileRecords[i] = tile[i].network
        }
        unsafe model.autoencoder.step(
            inputs.start,
            records: tileRecords,
            count: tile.count
        )
    }
}

extension Numbers {
    /// Numbers of their own, until ``deallocate()``; at a cache line.
    static func allocate(_ count: Int, of element: Element) -> Numbers {
        let bytes = max(count, 1) * MemoryLayout<Element>.stride
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        let start = unsafe raw.initializeMemory(as: Element.self, repeating: element, count: count)
        return unsafe Numbers(start, count: count)
    }

    func deallocate() { unsafe start.deallocate() }
}
