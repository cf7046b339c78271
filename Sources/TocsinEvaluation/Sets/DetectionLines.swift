import TocsinDaemon

// Detection on labelled sets as JSON lines, for programs.

extension Detection {
    /// One object per series and detector, then per mean, cause and bar; `line` says which it is.
    public var lines: [String] {
        seriesLines + meanLines + causeLines + barLines
    }

    private var seriesLines: [String] {
        outcomes.flatMap { outcome in
            outcome.results.map { result in
                EvaluationLines.line { json in
                    json.member("line", "series")
                    json.member("entity", outcome.entity.id)
                    json.member("set", outcome.entity.set)
                    json.member("split", outcome.entity.isTuning ? "tuning" : "other")
                    json.members(of: result)
                }
            }
        }
    }

    private var meanLines: [String] {
        var lines: [String] = []
        for split in Split.allCases {
            for detector in detectors {
                var means = sets.map { ($0, summary($0, split, detector)) }
                means.append(("all", mean(of: sets, split, detector)))
                for (set, mean) in means {
                    guard let mean else { continue }
                    lines.append(
                        EvaluationLines.line { json in
                            json.member("line", "mean")
                            json.member("set", set)
                            json.member("split", split.rawValue)
                            json.member("detector", detector)
                            json.members(of: mean)
                        }
                    )
                }
            }
        }
        return lines
    }

    private var causeLines: [String] {
        sets.flatMap { set in
            Split.allCases.compactMap { split in
                causes(set, split).map { causes in
                    EvaluationLines.line { json in
                        json.member("line", "causes")
                        json.member("set", set)
                        json.member("split", split.rawValue)
                        json.members(of: causes)
                    }
                }
            }
        }
    }

    private var barLines: [String] {
        bars.map { bar in
            EvaluationLines.line { json in
                json.member("line", "bar")
                json.member("set", bar.set)
                json.member("what", bar.what)
                json.member("must", bar.must)
                json.member("hoped", bar.hoped)
                json.member("reached", bar.reached)
                json.member("less_is_better", bar.isUpperLimit)
                json.key("held")
                if let held = bar.isHeld { json.value(held) } else { json.null() }
            }
        }
    }
}
