// How samples come in: those of one device and one time together.

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
        let record = changing(device).record
        note(device, time: time, arrival: arrival, emit: emit)
        var seat = record.slots.seat(at: time.microseconds)
        while case .none(.full) = seat {
            assessOldest(device, emit: emit)
            seat = record.slots.seat(at: time.microseconds)
        }
        if case .none(.gap) = seat {
            assessAll(device, emit: emit)
            changingAll(device).record.reset()
            groups[Int(place(device).group)].noteReset(record)
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
        let time = row.time.microseconds
        guard !row.isRetained else {
            return changing(row.device).record.slots.keep(channel, value, time)
        }
        switch row.seat {
        case .frame(let frame):
            let slots = place(row.device).record.slots
            let placement = slots.put(value, channel: channel, frame: frame, time: time)
            if placement != .placed { counters.count(placement) }
        case .none(let placement):
            counters.count(placement)
        }
    }

    /// Takes in the values of a row whose channels are known.
    @inline(__always)
    mutating func put(
        _ batch: borrowing SampleBatch,
        _ channels: borrowing ChannelNumbers,
        in row: Row
    ) {
        let (entries, numbers) = (batch.entries.span, channels.numbers.span)
        // Where the row belongs is found once.
        if case .frame(let frame) = row.seat {
            let slots = place(row.device).record.slots
            let time = row.time.microseconds
            let places = slots.places(of: frame)
            var (samples, placed): (Int, Int32) = (0, 0)
            for i in entries.indices where numbers[i] >= 0 {
                samples += 1
                let (value, channel) = (entries[i].value, Int(numbers[i]))
                if FrameSlots.put(value, into: places, channel: channel) {
                    placed += 1
                } else {
                    counters.count(slots.surplus(at: time, isFirst: placed == 0))
                }
            }
            counters.samples += samples
            if placed > 0 { slots.note(placed, frame: frame, time: time) }
        } else {
            for i in entries.indices where numbers[i] >= 0 {
                put(entries[i].value, channel: Int(numbers[i]), in: row)
            }
        }
    }

    /// Ends a row; its device waits for ``assess(_:)`` if a frame is complete, or for so many others that
    /// they make a tile: waiting longer would only let their records leave the near caches.
    public mutating func end(_ row: Row, emit: (borrowing Assessment) -> Void) {
        let place = place(row.device)
        guard place.record.becomesReady() else { return }
        let group = groups[Int(place.group)]
        group.append(place.record)
        if group.hasTile { counters.frames += group.assess(policies, emit: emit) }
    }
}
