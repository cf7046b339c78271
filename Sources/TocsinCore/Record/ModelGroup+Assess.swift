import TocsinNN

// Devices with a complete frame: they wait, are stepped together, and judged one by one.

extension ModelGroup {
    /// Lets a device wait for ``assess(_:emit:)``; at most once, so that there is room.
    func append(_ record: DeviceRecord) {
        let count = readyCount[0]
        precondition(count < readyCapacity)
        unsafe ready[count] = record
        readyCount[0] = count + 1
    }

    /// Whether so many wait as are stepped together.
    var hasTile: Bool { readyCount[0] >= Self.tile }

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
        for i in tile.indices {
            if let undo {
                if i + 1 < tile.count { tile[i + 1].fetchPast() }
                tile[i].saveJudged(in: undo)
            }
            tile[i].removeOldest()
        }
        // There is time until the step is done.
        if tile.count > 0 { tile[0].fetchJudgement() }
        advance(tile)
        judge(tile, policies, emit: emit)
    }

    /// Judges devices after their step.
    func judge(
        _ tile: Numbers<DeviceRecord>,
        _ policies: borrowing AlertPolicies,
        emit: (borrowing Assessment) -> Void
    ) {
        place(tile)
        for i in tile.indices {
            if i + 1 < tile.count { tile[i + 1].fetchEnergies() }
            scores.put(weigh(tile[i], row: i), row: i)
        }
        unsafe scores.update(scoring, count: tile.count)
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

    /// Finds out how far the hidden states are from their means; together that is quicker.
    private func place(_ tile: Numbers<DeviceRecord>) {
        for i in tile.indices { unsafe tileStates[i] = UnsafePointer(tile[i].hidden.start) }
        let usual = unsafe tile[0].usual.pointee.drift.hidden
        unsafe usual.whitenedSquares(tileStates, Numbers(squares.start, count: tile.count))
    }
}
