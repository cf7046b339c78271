import TocsinCore
import TocsinNN

/// What a baseline remembers of one device since its last reset.
struct BaselineState {
    private let baseline: Baseline
    /// What was expected of the newest frame, scaled, `[channels]`.
    private(set) var expected: [Float]
    /// The newest frame, clipped; what was missing in it is as expected, `[channels]`.
    private var input: [Float]
    /// The newest frames less the mean, the oldest first; the mean where there was none,
    /// `[length × channels]`.
    private var window: [Float]
    /// Nearness of each cluster, or the network's zero state: room to work in.
    private var room: [Float] = []
    private var zeroState: AutoencoderState?

    init(_ baseline: Baseline) {
        self.baseline = baseline
        expected = baseline.mean
        input = baseline.mean
        var length = 0
        switch baseline.form {
        case .lastValue, .mean, .movingAverage: break
        case .forecast(_, let frames), .reconstruction(_, let frames): length = frames
        case .clusters(let clusters, let frames):
            length = frames
            room = Array(repeating: 0, count: clusters.centres.count)
        case .network(let autoencoder): zeroState = autoencoder.zeroState()
        }
        window = Array(repeating: 0, count: length * baseline.mean.count)
    }

    /// Takes in a frame and says what was to be expected of it.
    ///
    /// Some kinds say it from the frames before, others make it of the frame itself; what they expect
    /// of a missing channel stands for it from then on.
    ///
    /// - Parameter features: NaN for a missing channel, `[channels]`
    /// - Returns: scaled, `[channels]`
    mutating func expect(_ features: [Float]) -> [Float] {
        if baseline.form.readsPresentFrame {
            take(features)
            expect()
        } else {
            expect()
            take(features)
        }
        return expected
    }

    private mutating func expect() {
        switch baseline.form {
        case .lastValue: expected = input
        case .mean: break
        case .movingAverage:
            for c in expected.indices { expected[c] += 0.05 * (input[c] - expected[c]) }
        case .forecast(let map, _), .reconstruction(let map, _):
            map.apply(window, into: &expected)
        case .clusters(let clusters, _):
            let centre = clusters.centres[clusters.nearest(window, room: &room)]
            let newest = centre.count - expected.count
            for c in expected.indices { expected[c] = baseline.mean[c] + centre[newest + c] }
        case .network(let autoencoder):
            guard var state = zeroState else { return }
            autoencoder.step(input, state: &state)
            expected =
                autoencoder.blueprint.heads.contains(.forecast)
                ? state.forecast : state.reconstruction
        }
    }

    private mutating func take(_ features: [Float]) {
        for c in features.indices {
            let value = features[c].isNaN ? expected[c] : features[c]
            input[c] = value.clipped(to: Scaler.inputLimit)
        }
        guard !window.isEmpty else { return }
        window.removeFirst(input.count)
        for c in input.indices { window.append(input[c] - baseline.mean[c]) }
    }
}

extension Baseline.Form {
    /// Whether what is expected of a frame is made of that frame.
    fileprivate var readsPresentFrame: Bool {
        switch self {
        case .lastValue, .mean, .movingAverage, .forecast: false
        case .reconstruction, .clusters: true
        case .network(let autoencoder): !autoencoder.blueprint.heads.contains(.forecast)
        }
    }
}
