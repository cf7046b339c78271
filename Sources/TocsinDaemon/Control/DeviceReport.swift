import TocsinCore

/// How a device is, in JSON.
struct DeviceReport {
    let policies: AlertPolicies
    /// The streams' names.
    let streams: [String]
    let now: Timestamp

    /// In short, for the list of all.
    func entry(of monitor: DeviceMonitor) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("device", monitor.name)
            json.member("score", monitor.lastScore?.value)
            json.member("warm", monitor.isWarm)
            json.key("alerts")
            json.array { json in
                for kind in monitor.raisedKinds { json.value(kind.name) }
            }
            json.key("last_sample")
            if let latest = monitor.latest { json.value(latest) } else { json.null() }
            json.member("model", monitor.model.name)
        }
        return json.bytes
    }

    /// The payload of `tocsin/devices/<device>/state`.
    func state(of monitor: DeviceMonitor) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("device", monitor.name)
            json.member("time", now)
            json.member("stream", streams[monitor.stream])
            json.member("model", monitor.model.name)
            json.member("warm", monitor.isWarm)
            json.member("frames", Int(monitor.frames))
            json.member("frames_since_reset", Int(monitor.framesSinceReset))
            json.member("resets", Int(monitor.resets))
            json.member(
                "extrapolating",
                Int(monitor.framesSinceReset) > monitor.model.longestSequence
            )
            json.member("score", monitor.lastScore?.value)
            json.member("novelty", monitor.lastScore?.novelty)
            json.key("budget")
            json.object { json in account(monitor, &json) }
            json.member("hidden_norm", monitor.lastDrift?.hiddenNorm)
            json.key("drift")
            json.object { json in
                for cause in DriftCause.allCases {
                    json.member(
                        cause.name,
                        monitor.lastDrift?.ratios[cause.rawValue].rounded(digits: 4)
                    )
                }
            }
            json.member(
                "lag_s",
                monitor.latest.map { max((now - $0).inSeconds, 0).rounded(digits: 3) }
            )
            json.key("alerts")
            json.object { json in
                for kind in monitor.raisedKinds {
                    json.member(kind.name, monitor.conditions[kind.rawValue].since)
                }
            }
            json.key("channels")
            json.object { json in channels(monitor, &json) }
        }
        return json.bytes
    }

    /// How many anomaly alerts rang, how many the budget would have allowed, and how many healthy peaks
    /// are to be expected above the boundary as it is.
    private func account(_ monitor: DeviceMonitor, _ json: inout JSONWriter) {
        let months = monitor.model.clock.monthsPerFrame
        let threshold = monitor.threshold(policies: policies)
        json.member("per_month", policies.budgetPerMonth)
        json.member("months", (Double(monitor.keeper.frames) * months).rounded(digits: 6))
        json.member("rang", Int(monitor.keeper.alerts))
        json.member(
            "allowed",
            policies.budgetPerMonth.map {
                (Double(monitor.keeper.frames) * months * $0).rounded(digits: 3)
            }
        )
        json.member(
            "expected_per_month",
            (monitor.keeper.peaks.rate(above: threshold) / months).rounded(digits: 2)
        )
    }

    private func channels(_ monitor: DeviceMonitor, _ json: inout JSONWriter) {
        for (c, channel) in monitor.model.channels.enumerated() {
            json.key(channel.name)
            json.object { json in
                json.member("value", monitor.value(c))
                json.member("expected", Float(monitor.expectedValue(c) ?? .nan))
                json.member("unit", channel.unit)
            }
        }
    }
}
