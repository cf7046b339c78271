internal import CTocsinKernels
import TocsinNN

// Scale → step → score → drift → faults → alerts: what a frame goes through, device by device.

extension ModelGroup {
    /// Scales a device's frame into a row of the tile, and keeps what the network expected of it.
    func prepare(_ record: DeviceRecord, row: Int) {
        let usual = unsafe record.usual
        let (values, expected) = (record.frame.values, record.expected)
        // The network sees a missing value as a usual one, and a far one as not too far.
        var scaling = unsafe tocsin_scaling(
            scales: usual.pointee.scales.numbers.start,
            residual_limit: Scaler.residualLimit,
            input_limit: Scaler.inputLimit
        )
        // What pads a row is written over by the next one.
        let channels = values.channels
        precondition(row * channels + values.padded <= inputs.count)
        unsafe tocsin_scale_frame(
            &scaling,
            values.numbers.start,
            features.row(row, values.padded).start,
            inputs.start + row * channels,
            values.padded
        )
        if record.heads[0].framesSinceReset > 0 {
            unsafe expected.numbers.start.update(from: record.forecast.start, count: channels)
        } else {
            expected.fill(0, .nan)
        }
    }

    /// Notes a device's frame, and takes in its residual.
    ///
    /// The first half of the warm-up does not even count: a state that comes from zero is surprised by
    /// everything.
    func weigh(_ record: DeviceRecord, row: Int) -> ChannelEnergies.Sums {
        let usual = unsafe record.usual
        let (heads, values) = (record.heads, record.frame.values)
        if unsafe !usual.pointee.forecasts {
            unsafe record.expected.numbers.start
                .update(from: record.reconstruction.start, count: values.channels)
        }
        heads[0].framesSinceReset += 1
        heads[0].frames += 1
        guard unsafe heads[0].framesSinceReset > usual.pointee.warmUp / 2,
            !record.frame.isEmpty
        else { return ChannelEnergies.Sums() }
        return unsafe record.energies.update(
            features: ChannelFields(features.row(row, values.padded), channels: values.channels),
            expected: record.expected,
            usual: usual.pointee.residuals
        )
    }

    /// Judges a device whose score is worked out; does not allocate unless a condition changes.
    func judge(
        _ record: DeviceRecord,
        row: Int,
        _ policies: borrowing AlertPolicies,
        emit: (borrowing Assessment) -> Void
    ) {
        let heads = record.heads
        let isAfterGap = heads[0].framesSinceReset == 1 && heads[0].resets > 0
        let isWarm = record.isWarm
        var score: AnomalyScorer.Score?
        var drift: DriftDetector.Drift?
        if isWarm, scores.isScored(row) {
            let boundary = unsafe record.usual.pointee.boundary(policies, heads[0].keeper)
            score = scores.score(row, boundary: boundary)
            drift = record.drift.update(
                record.energies.deviations,
                scores.surprise(row),
                record.hidden,
                square: squares[row]
            )
            heads[0].score = score
            heads[0].drift = drift
        }
        var assessment = Assessment(
            record,
            score: score,
            drift: drift,
            isWarm: isWarm,
            isAfterGap: isAfterGap
        )
        if isWarm {
            if let score {
                let novelty = scores.standardScores(row).novelty
                assessment.judge(score, novelty: novelty, policies)
            }
            if let drift { assessment.judge(drift, policies) }
            if !record.frame.isEmpty { assessment.judgeFaults(policies) }
        }
        emit(assessment)
    }
}

extension Assessment {
    /// Turns a score into changes of condition.
    fileprivate mutating func judge(
        _ score: AnomalyScorer.Score,
        novelty: Double,
        _ policies: borrowing AlertPolicies
    ) {
        let heads = record.heads
        let told = alerts.count
        update(.anomaly, level: score.novelty, policies.anomaly)
        let isAlert = heads[0].conditions[AlertKind.anomaly.rawValue].isRaised
        let rang = isAlert && alerts.count > told
        heads[0].keeper.update(novelty: novelty, isAlert: isAlert, rang: rang)
        _ = heads[0].departure.update(
            level: score.value,
            time: time,
            policy: policies.departure
        )
    }

    /// Turns drift into changes of condition.
    fileprivate mutating func judge(
        _ drift: DriftDetector.Drift,
        _ policies: borrowing AlertPolicies
    ) {
        let departure = record.heads[0].departure
        let limit = policies.driftAfter
        let lasts = departure.isRaised && time - departure.since >= limit
        update(.drift, level: max(drift.largest.ratio, lasts ? 1 : 0), policies.drift)
    }

    /// Turns faulty channels into changes of condition.
    fileprivate mutating func judgeFaults(_ policies: borrowing AlertPolicies) {
        let faulty = unsafe record.watches.update(
            record.frame,
            record.usual.pointee.faults
        )
        update(.fault, level: Double(faulty), policies.fault)
    }

    private mutating func update(
        _ kind: AlertKind,
        level: Double,
        _ policy: borrowing AlertPolicy
    ) {
        let transition = record.heads[0].conditions[kind.rawValue].update(
            level: level,
            time: time,
            policy: policy
        )
        if let transition {
            let monitor = DeviceMonitor(record)
            alerts.append(monitor.alert(kind, transition, level: level, time: time))
        }
    }
}
