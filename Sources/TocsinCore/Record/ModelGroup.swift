internal import CTocsinKernels
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

    private let scales: Constants<Double>
    private let residuals: ResidualUsual
    private let faults: FaultUsual
    private let quantiles: Constants<Double>
    let scoring: UnsafeMutablePointer<tocsin_scoring>
    private let drift: DriftUsual
    private let usual: UnsafeMutablePointer<ModelUsual>
    private let layout: DeviceLayout
    private let memory: RecordMemory
    /// Saves what is written over; `nil` if nobody wants it back.
    let undo: UndoLog?
    /// The first record of each chunk's slots, behind its plate.
    private var chunks: [UnsafeMutableRawPointer] = unsafe []

    /// Scaled values of the tile, NaN where missing, `[tile, padded]`.
    let features: Numbers<Float>
    /// What the network sees of them, `[tile, channels]`, with room for a vector.
    let inputs: Numbers<Float>
    /// The tile's records, as the kernels take them.
    let tileRecords: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
    /// Their hidden states, and how far those are from the mean, squared, `[tile]`.
    let tileStates: UnsafeMutablePointer<UnsafePointer<Float>?>
    let squares: Numbers<Float>
    /// What the tile's devices come to.
    let scores: TileScores
    /// Devices with a complete frame, in the order in which it was completed.
    var ready: UnsafeMutablePointer<DeviceRecord>
    var readyCapacity = chunk
    /// How many there are, `[1]`.
    let readyCount: Numbers<Int>
    /// Whether a device may wait whose frames left another way.
    var hasStale = false

    init(_ model: Model, lateness: Duration, memory: RecordMemory) {
        self.model = model
        self.memory = memory
        undo = memory.region?.undo
        let channels = model.channels.count
        let calibration = model.calibration
        let timing = FrameTiming(clock: model.clock, lateness: lateness, channels: channels)
        let network = model.autoencoder.recordLayout
        precondition(
            calibration.drift.hiddenMean.count <= model.autoencoder.hiddenRange.count,
            "another network's drift"
        )
        layout = DeviceLayout(
            network,
            channels: channels,
            slots: Int(timing.slots),
            past: StatePace.span * HiddenUsual.padded(calibration.drift.hiddenMean.count)
        )
        let padded = Channels.padded(channels)
        scales = Constants(
            model.scaler.offset.padded(with: 0) + model.scaler.gain.padded(with: 1)
        )
        residuals = calibration.residualUsual
        faults = FaultUsual(calibration.faults, model.channels)
        quantiles = Constants(calibration.tail.quantiles)
        unsafe scoring = .allocate(capacity: 1)
        unsafe scoring.initialize(to: calibration.scoring(quantiles.numbers))
        scores = TileScores(devices: Self.tile)
        drift = DriftUsual(calibration.drift)
        unsafe usual = .allocate(capacity: 1)
        unsafe ready = .allocate(capacity: Self.chunk)
        readyCount = .allocate(1, of: 0)
        features = .allocate(Self.tile * padded, of: 0)
        inputs = .allocate(Self.tile * channels + padded, of: 0)
        unsafe tileRecords = .allocate(capacity: Self.tile)
        unsafe tileStates = .allocate(capacity: Self.tile)
        squares = .allocate(Self.tile, of: 0)
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
                scales: ChannelFields(scales.numbers, channels: channels),
                residuals: residuals.view,
                faults: faults.view,
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
        unsafe tileStates.deallocate()
        squares.deallocate()
        scores.deallocate()
        unsafe scoring.deallocate()
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
