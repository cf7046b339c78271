// A device's state as bytes, for checkpoints.

import TocsinNN

extension DeviceMonitor {
    /// Writes all that changes from frame to frame.
    public func save(to writer: inout StateWriter) {
        assembler.save(to: &writer)
        writer.write(state.recurrent)
        writer.write(state.forecast)
        scorer.save(to: &writer)
        drift.save(to: &writer)
        faults.save(to: &writer)
        keeper.save(to: &writer)
        departure.save(to: &writer)
        for kind in AlertKind.allCases { conditions[kind.rawValue].save(to: &writer) }
        writer.write(framesSinceReset)
        writer.write(frames)
        writer.write(resets)
        writer.write(frame.time.microseconds)
        writer.write(lastScore != nil)
        writer.write(lastScore?.value ?? 0)
        writer.write(lastScore?.novelty ?? 0)
        writer.write(lastScore?.tailProbability ?? 0)
    }

    /// Writes which alerts are raised: that belongs to the device, whatever model judges it.
    public func saveConditions(to writer: inout StateWriter) {
        for kind in AlertKind.allCases { conditions[kind.rawValue].save(to: &writer) }
    }

    /// Takes back what ``saveConditions(to:)`` wrote; when it throws, the device is as it was.
    mutating func restoreConditions(from reader: inout StateReader) throws(StateError) {
        var saved = conditions
        for kind in AlertKind.allCases { try saved[kind.rawValue].restore(from: &reader) }
        try reader.expectEnd()
        conditions = saved
    }

    /// Takes back what ``save(to:)`` wrote for a device of the same model.
    ///
    /// When it throws, the device is as it was.
    public mutating func restore(from reader: inout StateReader) throws(StateError) {
        var saved = self
        try saved.assembler.restore(from: &reader)
        let recurrent = try reader.readFloats(count: state.recurrent.count)
        let forecast = try reader.readFloats(count: state.forecast.count)
        guard recurrent.allSatisfy(\.isFinite), forecast.allSatisfy(\.isFinite) else {
            throw .inconsistent
        }
        guard let state = model.autoencoder.state(recurrent: recurrent, forecast: forecast) else {
            throw .inconsistent
        }
        saved.state = state
        try saved.scorer.restore(from: &reader)
        try saved.drift.restore(from: &reader)
        try saved.faults.restore(from: &reader)
        try saved.keeper.restore(from: &reader)
        try saved.departure.restore(from: &reader)
        for kind in AlertKind.allCases {
            try saved.conditions[kind.rawValue].restore(from: &reader)
        }
        saved.framesSinceReset = try reader.readCount()
        saved.frames = try reader.readCount()
        saved.resets = try reader.readCount()
        saved.frame.time = Timestamp(microseconds: try reader.readTime())
        let hasScore = try reader.readBool()
        let value = try reader.readAmount()
        let novelty = try reader.readAmount()
        let tailProbability = try reader.readAmount()
        let score = AnomalyScorer.Score(
            value: value,
            novelty: novelty,
            tailProbability: tailProbability
        )
        saved.lastScore = hasScore ? score : nil
        try reader.expectEnd()
        self = saved
    }
}
