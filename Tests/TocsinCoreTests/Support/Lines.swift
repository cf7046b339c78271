@testable import TocsinCore

/// What an ``Assessment`` said, to be kept.
struct Said {
    var device: Int
    var name: String
    var isOfFrame: Bool
    var time: Timestamp
    var score: AnomalyScorer.Score?
    var drift: DriftDetector.Drift?
    var isWarm: Bool
    var isAfterGap: Bool
    var values: [Double]
    var shares: [Double]
    var expected: [Double]
    var isFresh: [Bool]
    var alerts: [Alert]

    init(_ assessment: borrowing Assessment) {
        device = assessment.device
        name = assessment.name
        isOfFrame = assessment.isOfFrame
        time = assessment.time
        score = assessment.score
        drift = assessment.drift
        isWarm = assessment.isWarm
        isAfterGap = assessment.isAfterGap
        values = assessment.values
        shares = assessment.shares
        expected = []
        isFresh = []
        for c in values.indices {
            expected.append(assessment.expected(c))
            isFresh.append(assessment.isFresh(c))
        }
        alerts = assessment.alerts
    }
}

/// A fleet and what came out of it.
struct Line: ~Copyable {
    var fleet: Fleet
    var intake: Intake
    /// What was assessed, in order.
    var assessments: [Said] = []

    init(
        _ model: Model,
        streams: [Stream]? = nil,
        policies: AlertPolicies = AlertPolicies(),
        lateness: Duration = .zero,
        capacity: Int = 100
    ) throws {
        fleet = Fleet(policies: policies, lateness: lateness, capacity: capacity)
        let everyday = Stream(
            name: "json",
            template: try TopicTemplate("s/{device}"),
            decoder: JSONSampleDecoder()
        )
        intake = Intake(
            streams: streams ?? [everyday],
            assignment: ModelAssignment([ModelAssignment.Rule(model: model)])
        )
    }

    var alerts: [Alert] { assessments.flatMap(\.alerts) }

    /// Takes in one message and assesses what it completed.
    @discardableResult
    mutating func take(
        _ topic: String,
        _ payload: String,
        at arrival: Timestamp,
        isRetained: Bool = false
    ) throws(SampleDecodingError) -> Intake.Outcome {
        var found: [Said] = []
        let topic = topic.bytes
        let payload = payload.bytes
        let outcome = try intake.take(
            topic: topic.span,
            payload: payload.span,
            arrival: arrival,
            isRetained: isRetained,
            into: &fleet
        ) { found.append(Said($0)) }
        fleet.assess { found.append(Said($0)) }
        assessments += found
        return outcome
    }

    /// A frame of values of one device, straight into the fleet.
    mutating func take(
        _ device: Int,
        _ seconds: Double,
        _ values: [Double],
        arrival: Double? = nil
    ) {
        let arrival = Timestamp.at(arrival ?? seconds)
        var found: [Said] = []
        for c in values.indices {
            let sample = Sample(device: device, channel: c, time: .at(seconds), value: values[c])
            fleet.take(sample, arrival: arrival) { found.append(Said($0)) }
        }
        fleet.assess { found.append(Said($0)) }
        assessments += found
    }

    mutating func tick(_ seconds: Double) {
        var found: [Said] = []
        fleet.tick(.at(seconds)) { found.append(Said($0)) }
        assessments += found
    }

    /// All that a device remembers, as bytes.
    func saved(_ device: Int) -> [UInt8] {
        var writer = StateWriter()
        fleet.devices[device].save(to: &writer)
        return writer.bytes
    }
}
