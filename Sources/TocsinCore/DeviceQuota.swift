import Synchronization

/// How many devices all fleets of a process may watch together.
///
/// Devices are spread over fleets by their names, never quite evenly; so they share one count, and no
/// device is turned away by one fleet while there is room in all. For any thread.
public final class DeviceQuota: Sendable {
    /// How many devices at most.
    public let limit: Int
    private let taken = Atomic<Int>(0)

    /// Room for so many devices.
    public init(_ limit: Int) { self.limit = limit }

    /// Whether there is no room.
    public var isUsedUp: Bool { taken.load(ordering: .relaxed) >= limit }

    /// Takes room for a device; false if there is none.
    func take() -> Bool {
        var known = taken.load(ordering: .relaxed)
        while known < limit {
            let (isTaken, now) = taken.compareExchange(
                expected: known,
                desired: known + 1,
                ordering: .relaxed
            )
            if isTaken { return true }
            known = now
        }
        return false
    }

    /// Gives back the room of a device.
    func giveBack() { taken.subtract(1, ordering: .relaxed) }
}
