internal import CTocsinKernels
import TocsinNN

/// One device's record, and what its model says: addresses only, so that it costs nothing to hand on.
@safe
struct DeviceRecord: BitwiseCopyable {
    /// Where it begins; at a cache line.
    let base: UnsafeMutableRawPointer
    /// What is the same for every device of the model.
    let usual: UnsafePointer<ModelUsual>

    @inline(__always)
    private func numbers<Element>(
        _ start: Int,
        _ count: Int,
        as type: Element.Type = Element.self
    ) -> Numbers<Element> {
        let address = unsafe (base + start).assumingMemoryBound(to: Element.self)
        return unsafe Numbers(address, count: count)
    }

    private var layout: DeviceLayout { unsafe usual.pointee.layout }
    private var channels: Int { unsafe usual.pointee.layout.channels }

    /// The one of the device, `[1]`.
    var heads: Numbers<DeviceHead> { numbers(layout.headStart, 1) }

    /// Whose record it is.
    var plate: DevicePlate { unsafe DevicePlate(base - DevicePlate.size) }

    /// What was last published of its scores, `[1]`.
    var published: Numbers<PublishedScore> { numbers(layout.publishedStart, 1) }

    /// The network's part: hidden and memory of every layer, `[stateSize]`.
    var recurrent: Numbers<Float> { numbers(0, layout.stateSize) }
    /// The hidden state that drift watches, `[hidden]`.
    var hidden: Numbers<Float> {
        unsafe numbers(
            usual.pointee.hiddenStart * MemoryLayout<Float>.stride,
            usual.pointee.hiddenSize
        )
    }
    /// What the network expects of the next frame, `[channels]`.
    var forecast: Numbers<Float> { numbers(layout.forecastStart, channels) }
    /// What the network makes of the last frame, `[channels]`.
    var reconstruction: Numbers<Float> { numbers(layout.reconstructionStart, channels) }
    /// What was expected of the last frame; NaN if nothing, `[padded]`.
    var expected: ChannelFields<Float> { fields(layout.expectedStart, 1) }
    /// The last frame.
    var frame: FrameFields {
        FrameFields(values: fields(layout.frameStart, 1), marks: fields(layout.marksStart, 1))
    }
    /// The scorer's part.
    var energies: ChannelEnergies {
        ChannelEnergies(fields(layout.scorerStart, ChannelEnergies.fields))
    }
    /// The fault detector's part.
    var watches: FaultWatches {
        FaultWatches(
            last: fields(layout.lastStart, 1),
            times: fields(layout.watchStart, FaultWatches.fields)
        )
    }

    var drift: DriftWatch {
        DriftWatch(
            memory: numbers(layout.memoryStart, 1),
            trackers: numbers(layout.trackersStart, 4),
            means: fields(layout.meansStart, 1),
            past: numbers(layout.pastStart, layout.past),
            usual: unsafe usual.pointee.drift
        )
    }

    @inline(__always)
    var slots: FrameSlots {
        FrameSlots(
            grid: numbers(layout.gridStart, 1),
            places: numbers(layout.placesStart, layout.slots * layout.padded),
            arrived: numbers(layout.arrivedStart, layout.slots),
            held: fields(layout.heldStart, 1),
            since: fields(layout.sinceStart, 1),
            timing: unsafe usual.pointee.timing
        )
    }

    @inline(__always)
    private func fields<Element>(_ start: Int, _ count: Int) -> ChannelFields<Element> {
        ChannelFields(numbers(start, count * layout.padded), channels: channels)
    }

    /// The network's part, for the kernels.
    var network: UnsafeMutablePointer<Float> {
        unsafe base.assumingMemoryBound(to: Float.self)
    }

    /// Whether the state has seen enough to be judged by.
    var isWarm: Bool { unsafe heads[0].framesSinceReset > usual.pointee.warmUp }
}

extension DeviceRecord {
    /// Writes a device that has seen nothing over whatever stands there.
    func begin(_ head: DeviceHead, reference: DriftReference) {
        unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: layout.size)
        heads[0] = head
        expected.numbers.fill(.nan)
        frame.clear()
        energies.begin()
        watches.begin()
        slots.clear()
        published[0] = PublishedScore()
        drift.memory[0] = DriftWatch.Memory()
        let trackers = reference.trackers
        for i in trackers.indices { drift.trackers[i] = trackers[i] }
        for c in 0..<channels { drift.means[0][c] = reference.channels.usual[c] }
    }

    /// Takes over all that another device of the same layout remembers, but for its numbers.
    func copy(_ other: DeviceRecord) {
        precondition(layout.size == other.layout.size)
        unsafe copy(other.base)
    }

    /// Takes over a record of this layout, but for its numbers.
    func copy(_ other: UnsafeRawPointer) {
        let (number, device) = (heads[0].number, heads[0].device)
        unsafe base.copyMemory(from: other, byteCount: layout.size)
        heads[0].number = number
        heads[0].device = device
        heads[0].isReady = false
        heads[0].batch = 0
    }

    /// Takes over a record that an earlier process left, if it is sound; else the device is as it was.
    func adopt(_ saved: SavedDevice) -> Bool {
        let before = heads[0]
        unsafe copy(saved.record)
        var isSound = slots.isConsistent
        for i in recurrent.indices where !recurrent[i].isFinite { isSound = false }
        for c in forecast.indices where !forecast[c].isFinite { isSound = false }
        if isSound { return true }
        begin(before, reference: group.model.calibration.drift)
        return false
    }

    /// The group that it belongs to.
    var group: ModelGroup { unsafe usual.pointee.group.takeUnretainedValue() }

    /// Saves what taking in a row changes, once per batch, before it is changed.
    @inline(__always)
    func save(in undo: UndoLog) {
        let batch = undo.batch
        guard heads[0].batch != batch else { return }
        let layout = unsafe usual.pointee.layout
        unsafe undo.save(base + layout.headStart, layout.judgedStart - layout.headStart)
        heads[0].batch = batch
        heads[0].savedParts = 0
    }

    /// Saves what judging the next frame changes: later, when it is in a near cache, and of the past
    /// hidden states only the one that is written over.
    func saveJudged(in undo: UndoLog) {
        save(in: undo)
        let layout = unsafe usual.pointee.layout
        if needsSaving(StatePace.span) {
            unsafe undo.save(base, layout.headStart)
            unsafe undo.save(base + layout.judgedStart, layout.pastStart - layout.judgedStart)
        }
        saveState(drift.memory[0].pace.places.next, in: undo)
    }

    /// Saves all of it.
    func saveAll(in undo: UndoLog) {
        saveJudged(in: undo)
        for state in 0..<StatePace.span { saveState(state, in: undo) }
    }

    private func saveState(_ state: Int, in undo: UndoLog) {
        let length = unsafe usual.pointee.drift.hidden.stateBytes
        guard length > 0, needsSaving(state) else { return }
        unsafe undo.save(base + layout.pastStart + state * length, length)
    }

    /// Whether a part was not saved in this batch; from now on it is.
    private func needsSaving(_ part: Int) -> Bool {
        let bit = UInt8(1) << UInt8(part)
        defer { heads[0].savedParts |= bit }
        return heads[0].savedParts & bit == 0
    }

    /// Saves it with its plate.
    func saveWhole(in undo: UndoLog) {
        unsafe undo.save(base - DevicePlate.size, DevicePlate.size + layout.size)
        heads[0].batch = undo.batch
        heads[0].savedParts = .max
    }

    /// Forgets the recurrent state and the grid, after a gap; conditions and drift stay.
    func reset() {
        slots.clear()
        let size = unsafe usual.pointee.networkSize
        for i in 0..<size { unsafe network[i] = 0 }
        energies.begin()
        drift.memory[0].pace.forgetStates()
        heads[0].keeper.forgetPeak()
        heads[0].framesSinceReset = 0
        heads[0].resets += 1
    }

    /// Fetches it into the caches, and whose it is, but not its past hidden states.
    @inline(__always)
    func fetch() {
        // In the order in which it is needed: to take in a row, to step, to tell.
        unsafe tocsin_fetch(base + layout.headStart, layout.pastStart - layout.headStart)
        unsafe tocsin_fetch(base, layout.headStart)
        unsafe tocsin_fetch(base - DevicePlate.size, 128)
    }

    /// Fetches into the caches what taking in a residual reads.
    @inline(__always)
    func fetchEnergies() {
        let layout = unsafe usual.pointee.layout
        unsafe tocsin_fetch(base + layout.frameStart, layout.meansStart - layout.frameStart)
    }

    /// Fetches into the caches what judging a frame reads beside that.
    @inline(__always)
    func fetchJudgement() {
        let layout = unsafe usual.pointee.layout
        unsafe tocsin_fetch(base + layout.headStart, layout.gridStart - layout.headStart)
        unsafe tocsin_fetch(base + layout.judgedStart, layout.frameStart - layout.judgedStart)
        unsafe tocsin_fetch(base + layout.meansStart, layout.pastStart - layout.meansStart)
        fetchPast()
    }

    /// Fetches the two past hidden states that a frame is compared with.
    @inline(__always)
    func fetchPast() {
        let layout = unsafe usual.pointee.layout
        let states = unsafe usual.pointee.drift.hidden.stateBytes
        let (last, next) = drift.memory[0].pace.places
        unsafe tocsin_fetch(base + layout.pastStart + last * states, states)
        unsafe tocsin_fetch(base + layout.pastStart + next * states, states)
    }

    /// Whether a frame can leave since the last sample, so that the device has to wait its turn.
    func becomesReady() -> Bool {
        guard !heads[0].isReady, slots.hasCompleteFrame else { return false }
        heads[0].isReady = true
        return true
    }

    /// Takes the oldest frame out of its slots.
    func removeOldest() {
        heads[0].frameTime = Timestamp(microseconds: slots.removeOldest(into: frame))
    }
}
