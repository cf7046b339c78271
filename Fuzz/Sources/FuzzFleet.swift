@testable import TocsinCore
@testable import TocsinDaemon
@testable import TocsinMQTT
import TocsinNN

/// A small fleet's surroundings, and what must hold of it after whatever came.
enum FuzzFleet {
    static let start = Timestamp(microseconds: 1_790_000_000_000_000)
    static let model = smallModel()

    static var intake: Intake {
        let streams = [
            stream("values", "s/{device}/{channel}", NumberSampleDecoder()),
            stream("parts", "p/{device}/{channel}/#", JSONSampleDecoder()),
            stream("objects", "s/{device}", JSONSampleDecoder()),
        ]
        return Intake(
            streams: streams,
            assignment: ModelAssignment([ModelAssignment.Rule(model: model)])
        )
    }

    private static func stream(
        _ name: String,
        _ topic: String,
        _ decoder: any SampleDecoder
    ) -> Stream {
        guard let template = try? TopicTemplate(topic) else { fatalError(topic) }
        return Stream(name: name, template: template, decoder: decoder)
    }

    /// Everything that is remembered of a device is a number.
    static func check(_ fleet: borrowing Fleet) {
        tocsin_fuzz.check(fleet.count <= fleet.capacity, "more devices than there may be")
        for device in fleet.devices {
            tocsin_fuzz.check(device.recurrent.allSatisfy(\.isFinite), "a state is no number")
            let energies = device.record.energies
            for c in device.model.channels.indices {
                tocsin_fuzz.check(!device.value(c).isInfinite, "an infinite value")
                let memory = [energies.trained[c], energies.recent[c], energies.power[c]]
                tocsin_fuzz.check(
                    memory.allSatisfy(\.isFinite) && !energies.deviations[c].isInfinite,
                    "a score's memory is no number: \(memory)"
                )
            }
            if let score = device.lastScore {
                tocsin_fuzz.check(
                    score.value.isFinite && score.novelty.isFinite,
                    "a score is no number: \(score)"
                )
            }
        }
    }

    /// What is saved of a fleet is taken back as a whole, and saved again it is the same.
    static func checkRestored(_ fleet: borrowing Fleet) {
        let saved = file(of: fleet)
        guard let read = try? Checkpoint(saved) else { fatalError("unreadable") }
        var other = Fleet(capacity: fleet.capacity)
        let (restored, refused) = read.restore(into: &other, intake: intake, now: start)
        tocsin_fuzz.check(
            restored == fleet.count && refused == 0,
            "\(restored) of \(fleet.count) restored, \(refused) refused"
        )
        tocsin_fuzz.check(file(of: other) == saved, "another state than was saved")
    }

    /// The state file of a fleet.
    static func file(of fleet: borrowing Fleet) -> [UInt8] {
        var bytes = Checkpoint.head
        for device in fleet.devices {
            let stream = intake.streams[device.stream].name
            Checkpoint.append(device, stream: stream, to: &bytes)
        }
        return bytes + Checkpoint.end
    }
}

/// What is published, which must be readable and have a topic.
struct FuzzMessages: ~Copyable {
    private var message = ScoreMessage()
    private let decoder = JSONSampleDecoder(time: nil)

    mutating func check(_ assessment: borrowing Assessment, topic: Bool = true) {
        let name = assessment.name
        if topic {
            tocsin_fuzz.check(
                "tocsin/devices/\(name)/alert/anomaly".isPublishable,
                "no topic for \(name.debugDescription)"
            )
        }
        if assessment.isOfFrame {
            let text = message.write(assessment) { payload in
                payload.indices.map { payload[$0] }
            }
            checkJSON(text)
        }
        for alert in assessment.alerts {
            var json = JSONWriter()
            json.alert(alert)
            checkJSON(json.bytes)
            tocsin_fuzz.check(
                !alert.sentence.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F },
                "a control character in \(alert.sentence.debugDescription)"
            )
            _ = Notice(alert).text
        }
    }

    private func checkJSON(_ text: [UInt8]) {
        var batch = SampleBatch()
        do {
            try decoder.decodeAny(text.span, channel: [UInt8]().span, into: &batch)
        } catch {
            // More values than a batch holds are still JSON.
            if case .tooManyValues = error { return }
            fatalError("\(error): \(String(decoding: text, as: UTF8.self))")
        }
    }
}
