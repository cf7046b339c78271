import Testing

@testable import TocsinCore

/// A gap that is met while frames of the device wait to be judged.
struct GapTests {
    @Test(arguments: [true, false])
    func `the first frame after it waits for all its channels`(isJudgedBetween: Bool) throws {
        var line = try Line(.small())
        let device = line.fleet.add("p1", model: try .small(), stream: 0, now: .at(0))
        #expect(device == 0)
        func put(_ channel: Int, _ seconds: Double) {
            let sample = Sample(device: 0, channel: channel, time: .at(seconds), value: 10)
            var found: [Said] = []
            line.fleet.take(sample, arrival: .at(seconds)) { found.append(Said($0)) }
            line.assessments += found
        }
        func judge() {
            var found: [Said] = []
            line.fleet.assess { found.append(Said($0)) }
            line.assessments += found
        }
        put(0, 0)
        put(1, 0)
        if isJudgedBetween { judge() }
        put(0, 1000)
        judge()
        put(1, 1000)
        judge()
        #expect(line.assessments.filter(\.isOfFrame).map(\.values) == [[10, 10], [10, 10]])
        #expect(line.fleet.counters.late == 0)
        #expect(line.fleet.counters.frames == 2)
    }
}
