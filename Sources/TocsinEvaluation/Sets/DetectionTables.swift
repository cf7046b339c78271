// Detection on labelled sets as tables, for people.

extension Detection {
    /// All tables: series, sets, causes, bars.
    public var tables: [FigureTable] {
        let means = Split.allCases.compactMap(setTable)
        return [seriesTable] + means + [causeTable, barTable].compactMap { $0 }
    }

    /// The model on each series.
    private var seriesTable: FigureTable {
        var table = FigureTable(
            title: "The model on each series",
            note: EvaluationSummary.legend,
            headings: ["SET", "SERIES", "SPLIT"] + EvaluationSummary.headings,
            names: 3
        )
        for outcome in outcomes {
            let split = outcome.entity.isTuning ? Split.tuning : .other
            for result in outcome.results where result.isModel {
                table.rows.append(
                    [outcome.entity.set, outcome.entity.name, split.rawValue]
                        + EvaluationSummary([result]).cells
                )
            }
        }
        return table
    }

    /// Model and baselines, as means per set and over the sets; `nil` if no series is of the split.
    private func setTable(_ split: Split) -> FigureTable? {
        var table = FigureTable(
            title: "Means per set, \(split.rawValue) series",
            headings: ["SET", "DETECTOR"] + EvaluationSummary.headings,
            names: 2
        )
        let there = sets.filter { !results($0, split).isEmpty }
        for set in there {
            for detector in detectors {
                guard let summary = summary(set, split, detector) else { continue }
                table.rows.append(["\(set) (\(summary.series))", detector] + summary.cells)
            }
        }
        if there.count > 1 {
            for detector in detectors {
                guard let mean = mean(of: there, split, detector) else { continue }
                table.rows.append(["mean of \(there.count) sets", detector] + mean.cells)
            }
        }
        return table.rows.isEmpty ? nil : table
    }

    /// Whether alerts name the channels that caused the events; `nil` where nobody knows.
    private var causeTable: FigureTable? {
        var table = FigureTable(
            title: "Named causes among the first channels of an alert",
            note: """
                SHARE: of the named causes, among the first 3 or 5 channels. HIT: events of which at \
                least one is among them. In brackets: what channels drawn by lot would reach. \
                Alert: as raised, over the events found. Peak: at the highest score, over all.
                """,
            headings: ["SET", "SPLIT", "WHEN", "EVENTS"]
                + CauseScore.depths.flatMap { ["SHARE \($0)", "HIT \($0)"] },
            names: 3
        )
        for set in sets {
            for split in Split.allCases {
                guard let causes = causes(set, split) else { continue }
                for (when, score) in [("alert", causes.atAlert), ("peak", causes.atPeak)] {
                    let cells = CauseScore.depths.indices.flatMap { i in
                        [
                            "\(fixed(score.share(i), 2)) (\(fixed(score.shareByChance(i), 2)))",
                            "\(fixed(score.hit(i), 2)) (\(fixed(score.hitByChance(i), 2)))",
                        ]
                    }
                    table.rows.append([set, split.rawValue, when, "\(score.events)"] + cells)
                }
            }
        }
        return table.rows.isEmpty ? nil : table
    }

    /// What must be reached, and what was.
    private var barTable: FigureTable? {
        var table = FigureTable(
            title: "Bars",
            note: "Over the series that were run; a mean per set counts each series once.",
            headings: ["SET", "WHAT", "MUST", "HOPED", "REACHED", "HELD"],
            names: 2
        )
        table.rows = bars.map { bar in
            let sign = bar.isUpperLimit ? "≤" : "≥"
            func text(_ value: Double?) -> String {
                bar.isShare ? percent(value) : fixed(value, bar.places)
            }
            let hoped = bar.hoped.map { "\(sign) \(text($0))" } ?? "-"
            let held = bar.isHeld.map { $0 ? "yes" : "no" } ?? "-"
            return [
                bar.set, bar.what, "\(sign) \(text(bar.must))", hoped, text(bar.reached), held,
            ]
        }
        return table.rows.isEmpty ? nil : table
    }
}
