import CAllocationCounter
import Glibc
import TocsinCore
import TocsinNN
import TocsinTraining

/// A fleet under load: some devices of one model, each sending a frame in turn.
struct FrameLoad {
    var cell: CellKind
    var hidden: Int
    var channels: Int
    var devices: Int
    var layers = 1
    var period = Duration.seconds(1)

    /// What a frame cost.
    struct Cost {
        /// The whole road, samples to assessment, per frame.
        var microseconds: Double
        /// The network's step alone.
        var stepMicroseconds: Double
        /// The one over the other, the median over the rounds.
        var ratio: Double
        var allocations: Double
    }

    /// A small and a large network; a few devices, and as many as leave the caches.
    static let usual = [
        FrameLoad(cell: .lstm, hidden: 64, channels: 8, devices: 1),
        FrameLoad(cell: .lstm, hidden: 64, channels: 8, devices: 1000),
        FrameLoad(cell: .gru, hidden: 32, channels: 4, devices: 1000),
        FrameLoad(cell: .rnn, hidden: 32, channels: 4, devices: 1000),
        FrameLoad(cell: .lstm, hidden: 128, channels: 38, devices: 100),
    ]

    /// From samples to assessments, as in the daemon; the first frames warm up and are not counted.
    func measure(frames: Int) throws -> Cost {
        var fleet = Fleet()
        let model = try model()
        for i in 0..<devices {
            _ = fleet.add("device-\(i)", model: model, stream: 0, now: Self.start)
        }
        var random = SeededGenerator(seed: 1)
        var assessed = 0
        let warmUp = 40 * devices
        let rounds = max(frames / devices, 20)
        feed(&fleet, ticks: 0..<warmUp / devices, &random, &assessed)

        // A shared machine is now fast, now slow; frames and steps alternate in short rounds, so that
        // both meet the same machine.
        var states = (0..<devices).map { _ in model.autoencoder.zeroState() }
        var tick = warmUp / devices
        let ticks = max(rounds / 20, 1)
        var frameTimes: [Double] = []
        var stepTimes: [Double] = []
        var allocations: UInt64 = 0
        var counted = 0
        for _ in 0..<20 {
            let before = assessed
            let allocatedBefore = allocation_counter_read()
            let begin = processorSeconds()
            feed(&fleet, ticks: tick..<tick + ticks, &random, &assessed)
            let between = processorSeconds()
            allocations += UInt64(allocation_counter_read() - allocatedBefore)
            step(model.autoencoder, &states, ticks: ticks, &random)
            let end = processorSeconds()
            tick += ticks
            counted += assessed - before
            frameTimes.append((between - begin) * 1e6 / Double(assessed - before))
            stepTimes.append((end - between) * 1e6 / Double(ticks * devices))
        }
        return Cost(
            microseconds: frameTimes.median,
            stepMicroseconds: stepTimes.median,
            ratio: zip(frameTimes, stepTimes).map { $0 / $1 }.median,
            allocations: Double(allocations) / Double(counted)
        )
    }

    /// The network's step alone, as often as in `feed`.
    private func step(
        _ autoencoder: Autoencoder,
        _ states: inout [AutoencoderState],
        ticks: Int,
        _ random: inout SeededGenerator
    ) {
        let features = (0..<channels).map { _ in Float(random.uniform() * 2 - 1) }
        for _ in 0..<ticks {
            for device in 0..<devices { autoencoder.step(features, state: &states[device]) }
        }
    }

    /// What this thread has had of a processor; while another runs there, it stands still.
    private func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// One frame of each device per tick, sample by sample.
    private func feed(
        _ fleet: inout Fleet,
        ticks: Range<Int>,
        _ random: inout SeededGenerator,
        _ assessed: inout Int
    ) {
        for tick in ticks {
            let time = Self.start + .seconds(tick)
            for device in 0..<devices {
                for channel in 0..<channels {
                    let sample = Sample(
                        device: device,
                        channel: channel,
                        time: time,
                        value: random.uniform() * 2 - 1
                    )
                    fleet.take(sample, arrival: time) { _ in assessed += 1 }
                }
            }
            fleet.assess { _ in assessed += 1 }
        }
    }

    /// A line of the table.
    func row(_ cost: Cost) -> String {
        let cells = [
            (cell.rawValue, 6), ("\(hidden)", 8), ("\(channels)", 10), ("\(devices)", 10),
            (cost.microseconds.readable, 10), (cost.stepMicroseconds.readable, 9),
            (cost.ratio.readable, 7), ("\(Int(1e6 / cost.microseconds))", 17),
        ]
        let text = cells.reduce("") { row, cell in
            row + cell.0 + String(repeating: " ", count: max(cell.1 - cell.0.count, 1))
        }
        return text + cost.allocations.readable
    }

    private static let start = Timestamp(microseconds: 1_767_225_600_000_000)

    /// An untrained network: it costs what a trained one does.
    func model() throws -> Model {
        let blueprint = Blueprint(
            inputSize: channels,
            cell: cell,
            hiddenSize: hidden,
            layers: layers
        )
        let weights = Initialisation(seed: 1).parameters(for: blueprint)
        let ones = Array(repeating: 1.0, count: channels)
        let usual = Calibration.LogNormal(median: 1, mean: 0, spread: 100)
        let bins = PopulationStability.Reference(
            edges: (1..<10).map { Double($0) },
            shares: Array(repeating: 0.1, count: 10),
            threshold: 1000
        )
        let calibration = Calibration(
            isScored: Array(repeating: true, count: channels),
            residual: Calibration.Residual(rms: ones, trained: usual, recent: usual),
            threshold: 3,
            peaks: PeakDistribution(
                level: 1,
                arrivals: 10,
                frames: 1000,
                excess: 10,
                weight: 10
            ),
            tail: Calibration.Tail(quantiles: (0..<64).map { Double($0) / 32 }, excess: 0.5),
            drift: DriftReference(
                quantities: Array(repeating: bins, count: 4),
                hiddenMean: Array(repeating: 0, count: hidden),
                hiddenWhitening: Array(repeating: 0.01, count: hidden * (hidden + 1) / 2),
                channels: ChannelStray.Reference(
                    limit: ones,
                    usual: ones,
                    stray: ones,
                    burst: 1,
                    threshold: 1000
                ),
                pace: StatePace.Reference(
                    weights: Array(repeating: 0.01, count: 2 * hidden),
                    limits: Array(repeating: 1, count: 2 * hidden),
                    offset: 0,
                    threshold: 1000
                )
            ),
            faults: FaultLimits(
                still: Array(repeating: 0, count: channels),
                absent: Array(repeating: 0, count: channels)
            ),
            independentStretches: 1000
        )
        return Model(
            name: "bench",
            channels: (0..<channels).map { Channel(name: "c\($0)") },
            scaler: Scaler(offset: ones, gain: ones),
            autoencoder: try Autoencoder(blueprint: blueprint, parameters: weights),
            calibration: calibration,
            clock: FrameClock(period: period),
            longestSequence: 1000,
            provenance: Model.Provenance(
                dataHash: "",
                dataUntil: "",
                seed: 1,
                configuration: [:],
                versions: [:]
            ),
            validation: Model.Validation(modelError: 1, lastValueError: 1, frames: 1)
        )
    }
}
