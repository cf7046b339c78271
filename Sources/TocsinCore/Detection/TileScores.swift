internal import CTocsinKernels

/// What the devices of a tile come to, worked out together: from the energies' sums to scores.
struct TileScores {
    /// `[fields, room]`.
    private let numbers: Numbers<Double>
    private let room: Int

    /// Numbers of so many devices, until ``deallocate()``.
    init(devices: Int) {
        room = Channels.padded(devices)
        numbers = .allocate(Int(TOCSIN_SCORE_FIELDS.rawValue) * room, of: 0)
    }

    func deallocate() { numbers.deallocate() }

    private func place(_ field: tocsin_score_field, _ row: Int) -> Int {
        Int(field.rawValue) * room + row
    }

    private subscript(field: tocsin_score_field, row: Int) -> Double {
        numbers[place(field, row)]
    }

    /// Puts a device's sums where ``update(_:count:)`` reads them; none for a device without a score.
    func put(_ sums: ChannelEnergies.Sums, row: Int) {
        numbers[place(TOCSIN_TRAINED_SUM, row)] = sums.trained
        numbers[place(TOCSIN_RECENT_SUM, row)] = sums.recent
        numbers[place(TOCSIN_COUNT, row)] = sums.count
        numbers[place(TOCSIN_SQUARES, row)] = sums.surprise.sum
        numbers[place(TOCSIN_DEVIATIONS, row)] = sums.surprise.count
    }

    /// Works out what the first devices come to.
    func update(_ usual: UnsafePointer<tocsin_scoring>, count: Int) {
        precondition(count <= room)
        unsafe tocsin_score(usual, numbers.start, room, count)
    }

    /// Whether a device has a score.
    func isScored(_ row: Int) -> Bool { self[TOCSIN_COUNT, row] > 0 }

    /// A and B of a device.
    func standardScores(_ row: Int) -> AnomalyScorer.StandardScores {
        AnomalyScorer.StandardScores(
            fused: self[TOCSIN_FUSED, row],
            novelty: self[TOCSIN_NOVELTY, row]
        )
    }

    /// The score of a device, by s(A_on).
    func score(_ row: Int, boundary: Double) -> AnomalyScorer.Score {
        AnomalyScorer.Score(
            value: self[TOCSIN_POSITIVE_FUSED, row] / boundary,
            novelty: self[TOCSIN_POSITIVE_NOVELTY, row] / boundary,
            tailProbability: self[TOCSIN_TAIL, row]
        )
    }

    /// The logarithm of a device's mean squared deviation; NaN if it has none.
    func surprise(_ row: Int) -> Double { self[TOCSIN_SURPRISE, row] }
}

extension Calibration {
    /// What scores are worked out with, as long as the quantiles live.
    func scoring(_ quantiles: Numbers<Double>) -> tocsin_scoring {
        func added(_ usual: LogNormal) -> tocsin_log_normal {
            tocsin_log_normal(added: usual.added, mean: usual.mean, spread: usual.spread)
        }
        return unsafe tocsin_scoring(
            trained: added(residual.trained),
            recent: added(residual.recent),
            training_share: AnomalyScorer.trainingShare,
            quantiles: quantiles.start,
            quantile_count: quantiles.count,
            excess: tail.excess
        )
    }
}
