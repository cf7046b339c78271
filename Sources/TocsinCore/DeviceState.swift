// A device's state as bytes, for checkpoints.

import TocsinNN

extension DeviceMonitor {
    /// Writes all that changes from frame to frame.
    public func save(to writer: inout StateWriter) { record.save(to: &writer) }

    /// Writes which alerts are raised: that belongs to the device, whatever model judges it.
    public func saveConditions(to writer: inout StateWriter) {
        record.saveConditions(to: &writer)
    }
}

extension DeviceRecord {
    fileprivate func save(to writer: inout StateWriter) {
        let head = heads[0]
        slots.save(to: &writer)
        writer.write(recurrent.indices.map { recurrent[$0] })
        writer.write(forecast.indices.map { forecast[$0] })
        energies.save(to: &writer)
        drift.save(to: &writer)
        watches.save(to: &writer)
        head.keeper.save(to: &writer)
        head.departure.save(to: &writer)
        saveConditions(to: &writer)
        writer.write(head.framesSinceReset)
        writer.write(head.frames)
        writer.write(head.resets)
        writer.write(head.frameTime.microseconds)
        writer.write(head.score != nil)
        writer.write(head.score?.value ?? 0)
        writer.write(head.score?.novelty ?? 0)
        writer.write(head.score?.tailProbability ?? 0)
    }

    fileprivate func saveConditions(to writer: inout StateWriter) {
        for kind in AlertKind.allCases {
            heads[0].conditions[kind.rawValue].save(to: &writer)
        }
    }

    /// Takes back what ``DeviceMonitor/saveConditions(to:)`` wrote; when it throws, the device is as it
    /// was.
    func restoreConditions(_ bytes: ArraySlice<UInt8>) throws(StateError) {
        var reader = StateReader(bytes)
        var saved = heads[0].conditions
        for kind in AlertKind.allCases { try saved[kind.rawValue].restore(from: &reader) }
        try reader.expectEnd()
        heads[0].conditions = saved
    }

    /// Takes back what ``DeviceMonitor/save(to:)`` wrote for a device of the same model.
    ///
    /// When it throws, the device is as it was.
    func restore(_ bytes: ArraySlice<UInt8>) throws(StateError) {
        let size = unsafe usual.pointee.layout.size
        let before = Numbers<UInt8>.allocate(size, of: 0)
        defer { before.deallocate() }
        unsafe UnsafeMutableRawPointer(before.start).copyMemory(from: base, byteCount: size)
        do {
            var reader = StateReader(bytes)
            try restore(from: &reader)
            try reader.expectEnd()
        } catch {
            unsafe base.copyMemory(from: before.start, byteCount: size)
            throw error
        }
    }

    private func restore(from reader: inout StateReader) throws(StateError) {
        try slots.restore(from: &reader)
        let saved = try reader.readFloats(count: recurrent.count)
        let expected = try reader.readFloats(count: forecast.count)
        guard saved.allSatisfy(\.isFinite), expected.allSatisfy(\.isFinite) else {
            throw .inconsistent
        }
        for i in saved.indices { recurrent[i] = saved[i] }
        for c in expected.indices { forecast[c] = expected[c] }
        try energies.restore(from: &reader)
        try drift.restore(from: &reader)
        try watches.restore(from: &reader)
        var head = heads[0]
        try head.keeper.restore(from: &reader)
        try head.departure.restore(from: &reader)
        for kind in AlertKind.allCases {
            try head.conditions[kind.rawValue].restore(from: &reader)
        }
        head.framesSinceReset = try reader.readCount()
        head.frames = try reader.readCount()
        head.resets = try reader.readCount()
        head.frameTime = Timestamp(microseconds: try reader.readTime())
        let hasScore = try reader.readBool()
        let score = AnomalyScorer.Score(
            value: try reader.readAmount(),
            novelty: try reader.readAmount(),
            tailProbability: try reader.readAmount()
        )
        head.score = hasScore ? score : nil
        heads[0] = head
    }
}
