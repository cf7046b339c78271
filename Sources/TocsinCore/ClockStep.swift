// A clock that is set says nothing about the devices.
//
// Samples without a time of their own have that of their arrival. When the clock that gives it is
// set, their next sample seems to come a day late, or before the last one. So the devices move
// along with the clock: their grid, what they wait for, and when they were last heard. What has a
// time of its own stays where it is.

extension Fleet {
    /// Goes on after the clock of arrivals was set, as if it had shown the new time all along.
    ///
    /// - Parameter step: how far forward; negative for back
    public mutating func clockWasSet(by step: Duration) {
        clockWasSet(by: step, devices: places.indices)
        findLatest()
    }

    /// Does the same for some devices; ``findLatest()`` must follow the last of them.
    ///
    /// - Parameters:
    ///   - step: how far forward; negative for back
    ///   - devices: their numbers, below ``numbers``
    public mutating func clockWasSet(by step: Duration, devices: Range<Int>) {
        for device in devices where places[device] != nil {
            changing(device).record.clockWasSet(by: step)
        }
    }

    /// Looks up anew how far each stream is.
    public mutating func findLatest() {
        for i in latest.indices { latest[i] = Timestamp(microseconds: .min) }
        for place in places {
            if let place { noteStream(of: place) }
        }
    }

    /// Lets a device say how far its stream is at least.
    mutating func noteStream(of place: Place) {
        guard let last = place.record.slots.latest else { return }
        let stream = Int(place.stream)
        let lead = place.record.heads[0].lead
        latest[stream] = max(latest[stream], Timestamp(microseconds: last.microseconds - lead))
    }

    /// Lets a device begin anew if it remembers something from beyond a time, in microseconds.
    ///
    /// For a sample that has the time of its arrival: nothing is newer. So the clock was set back
    /// while nobody looked, and the device would take nothing until its old time is reached again.
    mutating func forgetFuture(of device: Int, beyond time: Int64) {
        let place = place(device)
        guard place.record.slots.grid[0].watermark > time else { return }
        changingAll(device).record.reset()
        groups[Int(place.group)].noteReset(place.record)
        counters.resets += 1
    }
}

extension DeviceRecord {
    fileprivate func clockWasSet(by step: Duration) {
        // The same microsecond is no accident: its last sample had no time of its own.
        let isStampedHere = slots.latest == heads[0].lastArrival
        heads[0].lastArrival = heads[0].lastArrival + step
        heads[0].streamTime = Timestamp(microseconds: .min)
        guard isStampedHere else { return }
        slots.move(by: step.microseconds)
        heads[0].frameTime = heads[0].frameTime + step
        heads[0].departure.clockWasSet(by: step, movesSince: true)
        for kind in AlertKind.allCases {
            heads[0].conditions[kind.rawValue].clockWasSet(by: step)
        }
    }
}

extension FrameSlots {
    /// Moves the grid and what is held in time.
    fileprivate func move(by step: Int64) {
        grid[0].origin += step
        grid[0].watermark += step
        let since = since[0]
        for c in since.indices where since[c] != .min { since[c] += step }
    }
}
