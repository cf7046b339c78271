import TocsinTraining

/// Something that must be reached on a labelled set.
public struct DetectionBar: Sendable, Equatable {
    /// The set, or what stands for several.
    public var set: String
    /// What is measured.
    public var what: String
    /// What must be reached.
    public var must: Double
    /// What was hoped for; `nil` if no more than ``must``.
    public var hoped: Double?
    /// What was reached; `nil` for "don't know".
    public var reached: Double?
    /// Whether less is better.
    public var isUpperLimit = false
    /// Whether it is a share, and printed in per cent.
    public var isShare = false
    /// Decimals that count.
    public var places = 3

    /// Whether it is held; `nil` for "don't know".
    public var isHeld: Bool? {
        reached.map { isUpperLimit ? $0 <= must : $0 >= must }
    }
}

extension Detection {
    /// All bars that the series which were run can answer.
    ///
    /// Recalls, rates and shares are means over the series of a set.
    public var bars: [DetectionBar] {
        volumeBars + baselineBars + alarmBars + memoryBars + budgetBars
    }

    private func value(
        _ figure: EvaluationSummary.Figure,
        _ set: String,
        _ detector: String = EvaluationResult.model
    ) -> Double? {
        summary(set, .all, detector)?[figure]
    }

    private var volumeBars: [DetectionBar] {
        let bars = [
            ("smd", 0.42, 0.50), ("asd", 0.56, 0.62), ("skab", 0.83, 0.88), ("nab", 0.21, 0.30),
        ]
        return bars.filter { sets.contains($0.0) }.map { set, must, hoped in
            DetectionBar(
                set: set,
                what: "VUS-PR",
                must: must,
                hoped: hoped,
                reached: value(.volume, set)
            )
        }
    }

    /// The margin over the best baseline of each set, and over each baseline on the mean of the sets.
    private var baselineBars: [DetectionBar] {
        let baselines = detectors.filter { name in
            Baseline.rivals.contains { $0.rawValue == name }
        }
        var bars: [DetectionBar] = []
        for set in sets {
            let others = baselines.map { ($0, value(.volume, set, $0) ?? 0) }
            guard let best = others.max(by: { $0.1 < $1.1 }) else { continue }
            bars.append(
                DetectionBar(
                    set: set,
                    what: "VUS-PR ahead of the best baseline, \(best.0)",
                    must: -0.01,
                    reached: value(.volume, set).map { $0 - best.1 }
                )
            )
        }
        for baseline in baselines where sets.count > 1 {
            bars.append(margin(over: baseline, on: sets, must: 0.03))
        }
        return bars
    }

    private func margin(
        over baseline: String,
        on names: [String],
        must: Double
    ) -> DetectionBar {
        let own = mean(of: names, .all, EvaluationResult.model)?[.volume]
        let other = mean(of: names, .all, baseline)?[.volume]
        return DetectionBar(
            set: "mean of \(names.joined(separator: ", "))",
            what: "VUS-PR ahead of \(baseline)",
            must: must,
            reached: own.flatMap { own in other.map { own - $0 } }
        )
    }

    private var alarmBars: [DetectionBar] {
        var bars: [DetectionBar] = []
        for (set, recall) in [("smd", 0.85), ("asd", 0.75), ("skab", 1.0)] where sets.contains(set)
        {
            bars.append(
                DetectionBar(
                    set: set,
                    what: "event recall",
                    must: recall,
                    reached: value(.eventRecall, set),
                    places: 2
                )
            )
            bars.append(
                DetectionBar(
                    set: set,
                    what: "false alarms per 10 000 normal rows",
                    must: 8,
                    reached: value(.falseAlarmsPerTenThousand, set),
                    isUpperLimit: true,
                    places: 1
                )
            )
        }
        for set in sets {
            bars.append(
                DetectionBar(
                    set: set,
                    what: "normal rows in alarm",
                    must: 0.02,
                    reached: value(.normalShareInAlarm, set),
                    isUpperLimit: true,
                    isShare: true
                )
            )
        }
        return bars
    }

    /// What the memory of the network is worth.
    private var memoryBars: [DetectionBar] {
        let names = ["asd", "skab"].filter(sets.contains)
        guard detectors.contains("no memory"), !names.isEmpty else { return [] }
        return [margin(over: "no memory", on: names, must: 0.05)]
    }

    /// By which factor the rate of false alarms lies above the budget, or below it.
    private var budgetBars: [DetectionBar] {
        guard let budget else { return [] }
        return sets.map { set in
            DetectionBar(
                set: set,
                what: "false alarms beside a budget of \(fixed(budget, 1)) in 10 000, as a factor",
                must: 2,
                reached: value(.falseAlarmsPerTenThousand, set).map {
                    max($0 / budget, budget / max($0, 1e-9))
                },
                isUpperLimit: true,
                places: 2
            )
        }
    }
}
