import Testing

@testable import TocsinCore

struct AlertTests {
    private func alert(
        _ kind: AlertKind,
        _ state: Alert.State = .raised,
        isReminder: Bool = false,
        channels: [Alert.Contribution] = []
    ) -> Alert {
        Alert(
            id: "p1",
            device: "p1",
            kind: kind,
            state: state,
            isReminder: isReminder,
            severity: .warning,
            since: .at(0),
            time: .at(3725),
            score: 1.23456,
            peak: 2,
            driftCause: .speed,
            channels: channels,
            model: "m"
        )
    }

    @Test func `a sentence says what happened, to whom, and why`() {
        let flow = Alert.Contribution(
            channel: "flow",
            share: 1,
            value: 12.3456,
            expected: 9,
            unit: "l/s",
            cause: .stuck
        )
        var bare = flow
        bare.expected = nil
        bare.unit = ""
        var empty = bare
        empty.value = nil
        #expect(
            alert(.anomaly, channels: [flow]).sentence
                == "p1 behaves unusually (score 1.235): mostly flow, 12.35 l/s where 9 l/s was expected"
        )
        #expect(
            alert(.anomaly, isReminder: true, channels: [bare]).sentence
                == "p1 still behaves unusually (score 1.235): mostly flow, 12.35"
        )
        #expect(
            alert(.drift, channels: [empty]).sentence
                == "p1 has drifted: its state speed is not what it was: mostly flow"
        )
        #expect(alert(.fault, channels: [flow]).sentence == "p1 has a faulty sensor: flow is stuck")
        #expect(alert(.silence).sentence == "p1 is silent since 2026-01-01T00:00:00.000Z")
        #expect(alert(.drift, .cleared).sentence == "p1: drift is over after 1 h 2 min")
    }

    @Test(arguments: [
        (0.0, "0"), (1, "1"), (-1.23456, "-1.235"), (123_456, "123456"), (0.00012345, "0.0001235"),
        (1e-20, "0"), (1e20, "1e+20"), (9999.96, "10000"), (0.1, "0.1"), (1234.5, "1235"),
    ])
    func `a number is written so that people can read it`(value: Double, text: String) {
        #expect(value.readable == text)
    }

    @Test(arguments: [
        (0, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h"), (3661, "1 h 1 min"),
        (86_400, "1 d"), (90_000, "1 d 1 h"), (86_460, "1 d"), (172_800 + 7200, "2 d 2 h"),
    ])
    func `a span is written so that people can read it`(seconds: Int, text: String) {
        #expect(Duration.seconds(seconds).readable == text)
    }
}
