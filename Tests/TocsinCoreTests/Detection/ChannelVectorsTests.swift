import Glibc
import Testing
import TocsinNN

@testable import TocsinCore

/// What the kernels do for eight channels at a time, held against the plain form, channel by channel.
struct ChannelVectorsTests {
    /// One vector and less, several, and so many that the eighth largest of all is looked for.
    private static let counts = [1, 3, 8, 9, 38, 130]

    @Test(arguments: counts) func `energies are those of the plain form`(_ channels: Int) throws {
        var random = SeededGenerator(seed: UInt64(channels))
        let isScored = (0..<channels).map { $0 % 5 != 4 }
        let usual = ResidualUsual(
            isScored: isScored,
            rms: (0..<channels).map { 0.1 + 0.1 * Double($0 % 7) }
        )
        var plain = Array(repeating: PlainEnergy(), count: channels)
        var fields = Array(
            repeating: 0.0,
            count: ChannelEnergies.fields * Channels.padded(channels)
        )
        fields.withFields(channels) { ChannelEnergies($0).begin() }
        for _ in 0..<300 {
            let features = random.residuals(channels)
            let expected = random.residuals(channels)
            var (paddedFeatures, paddedExpected) = (
                features.padded(with: 7), expected.padded(with: 7)
            )
            let outcome = fields.withFields(channels) { fields in
                paddedFeatures.withFields(channels) { features in
                    paddedExpected.withFields(channels) { expected in
                        ChannelEnergies(fields).update(
                            features: features,
                            expected: expected,
                            usual: usual.view
                        )
                    }
                }
            }
            for c in 0..<channels {
                plain[c].update(
                    features[c],
                    expected[c],
                    isScored: isScored[c],
                    rms: 0.1 + 0.1 * Double(c % 7)
                )
            }
            fields.withFields(channels) { fields in
                let energies = ChannelEnergies(fields)
                for c in 0..<channels {
                    #expect(energies.trained[c] == plain[c].trained)
                    #expect(energies.recent[c] == plain[c].recent)
                    #expect(energies.power[c] == plain[c].power)
                    #expect(energies.deviations[c].bitPattern == plain[c].deviation.bitPattern)
                    #expect(energies.counted[c] == (plain[c].isCounted ? 1 : 0))
                }
            }
            let counted = plain.filter(\.isCounted)
            let known = plain.filter { !$0.deviation.isNaN }
            #expect(outcome.surprise.count == Double(known.count))
            #expect(
                isClose(outcome.surprise.sum, known.reduce(0) { $0 + $1.deviation * $1.deviation })
            )
            #expect((outcome.energies == nil) == counted.isEmpty)
            guard let energies = outcome.energies else { continue }
            let count = Double(counted.count)
            #expect(isClose(energies.trained, counted.reduce(0) { $0 + $1.trained } / count))
            #expect(isClose(energies.recent, counted.reduce(0) { $0 + $1.recent } / count))
        }
    }

    @Test(arguments: counts) func `channels stray as in the plain form`(_ channels: Int) {
        var random = SeededGenerator(seed: UInt64(channels))
        let reference = ChannelStray.Reference(
            limit: (0..<channels).map { 4 + Double($0 % 3) },
            usual: (0..<channels).map { 1 + 0.1 * Double($0 % 4) },
            stray: (0..<channels).map { 0.2 + 0.1 * Double($0 % 5) },
            burst: 2,
            threshold: 1
        )
        var tracker = ChannelStray(reference)
        var plain = PlainStray(means: reference.usual)
        for frame in 0..<400 {
            // For a while all are surprising, for longer than a burst; for a frame none has a value.
            let size = frame > 200 && frame < 300 ? 3.0 : 1
            let deviations = (0..<channels).map { _ in
                random.uniform() < 0.1 || frame == 50 ? .nan : size * random.normal()
            }
            #expect(tracker.update(deviations) == plain.update(deviations, reference))
            #expect(tracker.means == plain.means)
        }
    }

    @Test(arguments: counts) func `faults are those of the plain form`(_ channels: Int) {
        var random = SeededGenerator(seed: UInt64(channels))
        let limits = FaultLimits(
            still: (0..<channels).map { $0 % 3 == 0 ? 0 : 4 },
            absent: (0..<channels).map { $0 % 4 == 0 ? 0 : 5 },
            steps: (0..<channels).map { $0 % 5 == 0 ? 0 : 1.5 },
            bad: 3
        )
        let described = (0..<channels).map { c in
            Channel(
                name: "c\(c)",
                minimum: c % 2 == 0 ? -2 : nil,
                maximum: c % 3 == 0 ? 2 : nil
            )
        }
        var detector = FaultDetector(channels: channels)
        var plain = (0..<channels).map { c in
            PlainWatch(described[c], limits.still[c], limits.absent[c], limits.steps[c])
        }
        var seen: Set<FaultCause?> = []
        for frame in 0..<600 {
            var taken = Frame(channels: channels)
            // How often values fail, stand still and are large changes now and then.
            let mood = frame / 20 % 5
            for c in 0..<channels {
                let chance = random.uniform()
                let value = mood == 1 ? 1 : random.normal() * (mood == 2 ? 4 : 0.7)
                taken.isFresh[c] = chance > (mood == 3 ? 0.9 : 0.1)
                taken.isInvalid[c] = !taken.isFresh[c] && (mood == 4 || chance < 0.05)
                if mood == 4, chance < 0.9 {
                    (taken.isFresh[c], taken.isInvalid[c]) = (false, true)
                }
                taken.values[c] = taken.isFresh[c] || chance < 0.02 ? value : .nan
            }
            let faulty = detector.update(taken, limits: limits, channels: described)
            for c in 0..<channels {
                plain[c].update(taken.values[c], taken.isFresh[c], taken.isInvalid[c])
            }
            #expect(detector.causes == plain.map(\.cause))
            #expect(faulty == plain.count { $0.cause != nil })
            seen.formUnion(detector.causes)
        }
        if channels > 8 { #expect(seen.count == FaultCause.allCases.count + 1) }
    }

    @Test(arguments: counts) func `frames are scaled as by the scaler`(_ channels: Int) throws {
        let model = try Model.small(names: (0..<channels).map { "c\($0)" })
        let group = ModelGroup(model, lateness: .zero, memory: RecordMemory())
        var random = SeededGenerator(seed: UInt64(channels))
        var tile = (0..<3).map { number in
            group.add("d\(number)", stream: 0, device: number, now: Timestamp(microseconds: 0))
        }
        let values = tile.map { _ in
            random.residuals(channels).map { 10 + 30 * Double($0) }
        }
        for (record, values) in zip(tile, values) {
            for c in 0..<channels { record.frame.set(c, values[c], isFresh: !values[c].isNaN) }
        }
        tile.withNumbers { group.advance($0) }
        for row in tile.indices {
            var wanted: [Float] = Array(repeating: 0, count: channels)
            model.scaler.transform(values[row], into: &wanted)
            let features = group.features.row(row, Channels.padded(channels))
            for c in 0..<channels {
                #expect(features[c].bitPattern == wanted[c].bitPattern)
                let input = wanted[c].isNaN ? 0 : wanted[c].clipped(to: Scaler.inputLimit)
                #expect(group.inputs[row * channels + c] == input)
            }
        }
    }

    private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-12 * abs(b) }
}

extension SeededGenerator {
    /// Scaled values: mostly small, now and then far out, now and then missing.
    fileprivate mutating func residuals(_ channels: Int) -> [Float] {
        (0..<channels).map { _ in
            let kind = uniform()
            return kind < 0.1 ? .nan : Float(normal() * (kind < 0.2 ? 50 : 0.3))
        }
    }
}

/// One channel's energies.
private struct PlainEnergy {
    var trained = 1.0
    var recent = 1.0
    var power = 1.0
    var deviation = Double.nan
    var isCounted = false

    mutating func update(_ feature: Float, _ expected: Float, isScored: Bool, rms: Double) {
        isCounted = isScored && !feature.isNaN
        deviation = .nan
        guard isCounted else { return }
        let exact = Double(feature - expected) / rms
        guard !exact.isNaN else { return }
        let square = exact * exact
        trained += 0.2 * (compressed(square) - trained)
        recent += 0.2 * (compressed(square / max(power, 1)) - recent)
        power += 1.0 / 300 * (min(square, 30 * power) - power)
        deviation = min(max(exact, -10), 10)
    }

    private func compressed(_ energy: Double) -> Double {
        energy <= 100 ? energy : 100 * (1 + log(energy / 100))
    }
}

/// How far all channels have strayed.
private struct PlainStray {
    var means: [Double]
    var surprising = 0

    mutating func update(_ deviations: [Double], _ reference: ChannelStray.Reference) -> Double {
        let present = deviations.indices.filter { !deviations[$0].isNaN }
        guard !present.isEmpty else { return 0 }
        func square(_ c: Int) -> Double { min(deviations[c] * deviations[c], reference.limit[c]) }
        let sum = present.reduce(0) { $0 + square($1) }
        let isSurprising = sum > reference.burst * Double(present.count)
        surprising = min(max(surprising + (isSurprising ? 1 : -1), 0), 60)
        if !isSurprising || surprising == 60 {
            for c in present { means[c] += 1.0 / 500 * (square(c) - means[c]) }
        }
        let strays = present.map { (means[$0] - reference.usual[$0]) / reference.stray[$0] }
        return max(strays.sorted(by: >)[min(present.count / 8, 15)], 0)
    }
}

/// One channel, watched for faults.
private struct PlainWatch {
    private let channel: Channel
    private let still: Int
    private let absent: Int
    private let step: Double
    private var last = Double.nan
    private var (stillFor, absentFor, invalidFor, outsideFor) = (0, 0, 0, 0)
    private var jumps: [Bool] = []

    init(_ channel: Channel, _ still: Int, _ absent: Int, _ step: Double) {
        self.channel = channel
        self.still = still
        self.absent = absent
        self.step = step
    }

    mutating func update(_ value: Double, _ isFresh: Bool, _ isInvalid: Bool) {
        invalidFor = isInvalid ? invalidFor + 1 : 0
        let jumped = isFresh && absentFor == 0 && step > 0 && abs(value - last) > step
        jumps = (jumps + [jumped]).suffix(20)
        guard isFresh else {
            absentFor += 1
            return
        }
        stillFor = value == last ? stillFor + 1 : 0
        let isInside =
            value >= channel.minimum ?? -.infinity && value <= channel.maximum ?? .infinity
        outsideFor = isInside ? 0 : outsideFor + 1
        absentFor = 0
        last = value
    }

    var cause: FaultCause? {
        if outsideFor >= 3 { return .outOfRange }
        if invalidFor >= 3 { return .invalid }
        if jumps.count(where: { $0 }) >= 5 { return .rateOfChange }
        if still > 0, stillFor >= still { return .stuck }
        if absent > 0, absentFor >= absent { return .absent }
        return nil
    }
}
