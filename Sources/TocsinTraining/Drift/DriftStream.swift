import TocsinCore
import TocsinNN

/// What a network made of a sequence of frames, from a zero state.
struct DriftStream {
    /// The watched hidden state after each frame, `[frames][hidden]`.
    private(set) var hidden: [[Float]] = []
    /// Frame less forecast, or less reconstruction for a model without forecast, in spreads; NaN
    /// where there is none, `[frames][channels]`.
    private(set) var residuals: [[Float]] = []

    /// Streams a sequence; the first half of `warmUp` is left out, as in the daemon.
    init(
        _ sequence: FrameSequence,
        scaler: Scaler,
        autoencoder: Autoencoder,
        warmUp: Int
    ) {
        let channels = sequence.channels
        let hasForecast = autoencoder.blueprint.heads.contains(.forecast)
        var state = autoencoder.zeroState()
        var features: [Float] = Array(repeating: 0, count: channels)
        for t in 0..<sequence.count {
            let values = sequence.values[t * channels..<(t + 1) * channels]
            scaler.transform(Array(values), into: &features)
            let forecast = state.forecast
            let inputs = features.map { $0.isNaN ? 0 : $0.clipped(to: Scaler.inputLimit) }
            autoencoder.step(inputs, state: &state)
            guard t >= max(warmUp / 2, 1) else { continue }
            hidden.append(Array(state.recurrent[autoencoder.hiddenRange]))
            let expected = hasForecast ? forecast : state.reconstruction
            residuals.append(features.indices.map { features[$0] - expected[$0] })
        }
    }

    /// Deviations in usual sizes, within ± 10, NaN for a channel that is not scored, as the daemon's
    /// scorer gives them, `[frames][channels]`.
    func deviations(_ calibration: Calibration) -> [[Double]] {
        let usual = calibration.residual
        return residuals.map { frame in
            frame.indices.map { c in
                calibration.isScored[c]
                    ? min(max(Double(frame[c]) / usual.rms[c], -10), 10) : .nan
            }
        }
    }
}

extension FrameSequence {
    /// The same course run through faster: every so many frames one, with linear interpolation.
    func faster(by factor: Double) -> FrameSequence {
        var result = FrameSequence(device: device, channels: channels)
        var frame = Frame(channels: channels)
        for t in 0..<Int(Double(max(count - 1, 0)) / factor) {
            let place = factor * Double(t)
            let row = Int(place)
            let part = place - Double(row)
            frame.time = times[t]
            for c in 0..<channels {
                frame.values[c] = (1 - part) * value(row, c) + part * value(row + 1, c)
                frame.isFresh[c] = !frame.values[c].isNaN
            }
            result.append(frame)
        }
        return result
    }
}
