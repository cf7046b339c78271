/// Devices' names and their numbers, which are used again when a device leaves.
///
/// Looks up a name by its bytes, so that the hot path needs no `String`. Open addressing with linear
/// probing over a power of two at most half full, and removal by moving back what follows (Knuth, The
/// Art of Computer Programming 3, 6.4, algorithm R); the hash has a seed drawn at start, since device
/// names come from outside.
struct DeviceTable: Sendable {
    /// Names one after the other; those of devices that left among them, until half of it is theirs.
    private var bytes: [UInt8] = []
    /// Where each device's name stands; what it was for a number that is free.
    private var places: [Range<Int>] = []
    private var slots: [Int32] = Array(repeating: -1, count: 16)
    private let seed = UInt64.random(in: .min ... .max)
    private var free: [Int] = []
    private var unused = 0

    /// How many devices there are.
    var count: Int { places.count - free.count }

    /// The number of a device, or `nil`; does not allocate.
    func find(_ name: Span<UInt8>) -> Int? {
        var slot = home(name.hash(seed))
        while slots[slot] >= 0 {
            let number = Int(slots[slot])
            if bytes.span.extracting(places[number]).equals(name) { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The number of a device, or `nil`.
    func find(_ name: String) -> Int? {
        let bytes = Array(name.utf8)
        return find(bytes.span)
    }

    /// The number that ``insert(_:)`` would give next.
    var next: Int { free.last ?? places.count }

    /// Gives a new device a number: that of one that left, or the next one.
    mutating func insert(_ name: String) -> Int {
        let start = bytes.count
        bytes.append(contentsOf: name.utf8)
        let number = free.popLast() ?? places.count
        if number == places.count {
            places.append(start..<bytes.count)
        } else {
            places[number] = start..<bytes.count
        }
        if count * 2 > slots.count {
            slots = Array(repeating: -1, count: slots.count * 2)
            let isFree = Set(free)
            for number in places.indices where !isFree.contains(number) { place(number) }
        } else {
            place(number)
        }
        return number
    }

    /// Forgets a device; its number is free.
    mutating func remove(_ number: Int) {
        let mask = slots.count - 1
        var hole = home(hash(number))
        while slots[hole] != Int32(number) { hole = (hole + 1) & mask }
        var next = (hole + 1) & mask
        while slots[next] >= 0 {
            let home = home(hash(Int(slots[next])))
            // It may stand anywhere from its home on: does the hole lie there?
            if (next - home) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = -1
        unused += places[number].count
        places[number] = 0..<0
        free.append(number)
        if unused > max(bytes.count / 2, 4096) { compact() }
    }

    private mutating func compact() {
        var kept: [UInt8] = []
        for number in places.indices {
            let start = kept.count
            kept.append(contentsOf: bytes[places[number]])
            places[number] = start..<kept.count
        }
        bytes = kept
        unused = 0
    }

    private mutating func place(_ number: Int) {
        var slot = home(hash(number))
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(number)
    }

    private func hash(_ number: Int) -> UInt64 {
        bytes.span.extracting(places[number]).hash(seed)
    }

    private func home(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash) & (slots.count - 1)
    }
}
