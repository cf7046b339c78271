// Who leaves when there are too many devices.

extension Fleet {
    /// How many devices are looked at for each one that needs a place.
    private static let search = 64
    /// For how long a device of which something is raised is waited for.
    private static let alertPatience = Duration.seconds(86_400)

    /// A number that does not belong any more to the device that it belonged to.
    public struct Replaced: Sendable {
        /// The number.
        public let device: Int
        /// What was published of the device that left.
        public let published: PublishedScore
    }

    /// Devices that left since the last time.
    public mutating func takeReplaced() -> [Replaced] {
        guard !replaced.isEmpty else { return [] }
        defer { replaced.removeAll() }
        return replaced
    }

    /// Makes room for a device; false if all that were looked at are needed.
    ///
    /// Names come from outside, and somebody may send a new one with every message. So a device that
    /// has proved itself stays for as long as its state is worth something: only one that was idle for
    /// longer than its model's `max_gap` leaves, and before it one that never got beyond its warm-up,
    /// the longest idle first among those that are looked at. What is raised of a proved device stays
    /// raised for a day at least: a flood must not silence an alert. The search goes round like the hand
    /// of a clock, a few devices at a time, so that a flood of names costs no more than its messages.
    mutating func removeIdle(now: Timestamp, emit: (borrowing Assessment) -> Void) -> Bool {
        var worst: (device: Int, isProved: Bool, idle: Duration)?
        for _ in 0..<min(Self.search, places.count) {
            hand = hand + 1 < places.count ? hand + 1 : 0
            guard let place = places[hand] else { continue }
            let record = place.record
            let idle = now - record.heads[0].lastArrival
            let limit = record.slots.timing
            let isProved = unsafe record.heads[0].frames > record.usual.pointee.warmUp
            var patience = Duration.microseconds(limit.period) + lateness
            if isProved {
                let isRaised = !DeviceMonitor(record).raisedKinds.isEmpty
                patience = max(
                    .microseconds(limit.maxGap),
                    isRaised ? Self.alertPatience : .seconds(60)
                )
            }
            guard idle > patience, !isChanged(record), !record.heads[0].isReady else { continue }
            if let worst, (worst.isProved ? 0 : 1, worst.idle) >= (isProved ? 0 : 1, idle) {
                continue
            }
            worst = (hand, isProved, idle)
        }
        guard let worst else { return false }
        remove(worst.device, now: now, emit: emit)
        return true
    }

    /// Whether the batch under way has changed a record already: then the log knows it as it was, and
    /// must not learn it as it is.
    private func isChanged(_ record: DeviceRecord) -> Bool {
        guard let undo else { return false }
        return record.heads[0].batch == undo.batch
    }

    private mutating func remove(
        _ device: Int,
        now: Timestamp,
        emit: (borrowing Assessment) -> Void
    ) {
        let place = place(device)
        if let undo { place.record.saveWhole(in: undo) }
        clear(place.record, now: now, emit: emit)
        groups[Int(place.group)].remove(place.record)
        table.remove(device)
        places[device] = nil
        quota.giveBack()
        replaced.append(Replaced(device: device, published: place.record.published[0]))
        counters.devicesLeft += 1
    }
}
