/// The states of many devices of one network, in one piece, for steps of several at once.
///
/// A device is known by its index. Its record holds what ``AutoencoderState`` holds, at the places
/// that the ranges name; records begin 64 bytes or a multiple of it apart.
public struct StateArena: Sendable {
    /// All records, one after the other.
    public internal(set) var values: [Float] = []

    /// The number of devices.
    public private(set) var count = 0

    let layout: RecordLayout

    /// An arena without devices; ``Autoencoder/arena()`` makes it.
    init(_ layout: RecordLayout) {
        self.layout = layout
    }

    /// Adds a device with a state of this network, and returns its index.
    public mutating func append(_ state: AutoencoderState) -> Int {
        if values.count + layout.stride > values.capacity { grow() }
        values.append(contentsOf: repeatElement(0, count: layout.stride))
        count += 1
        self[count - 1] = state
        return count - 1
    }

    /// Doubles the room, in large pages: devices are stepped in any order, and each would cost an
    /// entry or two of the processor's table of pages.
    private mutating func grow() {
        let room = 2 * max(values.capacity, layout.stride)
        values = unsafe [Float](unsafeUninitializedCapacity: room) { larger, count in
            if let start = larger.baseAddress {
                let bytes = room * MemoryLayout<Float>.stride
                if bytes >= LargePages.pageSize { unsafe LargePages.advise(start, bytes) }
            }
            count = unsafe larger.initialize(fromContentsOf: values)
        }
    }

    /// Where ``values`` holds a device's ``AutoencoderState/recurrent``.
    public func recurrentRange(of device: Int) -> Range<Int> {
        range(device, layout.recurrent)
    }

    /// Where ``values`` holds a device's ``AutoencoderState/forecast``.
    public func forecastRange(of device: Int) -> Range<Int> {
        range(device, layout.forecast)
    }

    /// Where ``values`` holds a device's ``AutoencoderState/reconstruction``.
    public func reconstructionRange(of device: Int) -> Range<Int> {
        range(device, layout.reconstruction)
    }

    /// A device's state; for checkpoints and resets, because reading it allocates.
    public subscript(device: Int) -> AutoencoderState {
        get {
            AutoencoderState(
                recurrent: Array(values[recurrentRange(of: device)]),
                forecast: Array(values[forecastRange(of: device)]),
                reconstruction: Array(values[reconstructionRange(of: device)]),
                code: Array(values[range(device, layout.code)])
            )
        }
        set {
            copy(newValue.recurrent, to: recurrentRange(of: device))
            copy(newValue.forecast, to: forecastRange(of: device))
            copy(newValue.reconstruction, to: reconstructionRange(of: device))
            copy(newValue.code, to: range(device, layout.code))
        }
    }

    private mutating func copy(_ part: [Float], to range: Range<Int>) {
        precondition(part.count == range.count, "the state is another network's")
        for (place, element) in zip(range, part) { values[place] = element }
    }

    private func range(_ device: Int, _ part: Range<Int>) -> Range<Int> {
        precondition(device >= 0 && device < count, "no such device")
        let start = device * layout.stride
        return start + part.lowerBound..<start + part.upperBound
    }
}
