import Foundation

@testable import TocsinNN

/// The network and its loss once more, in double precision and as plainly as possible.
///
/// Differences of its losses are exact to about 1e-10, which those of a `Float` form would not be.
struct DoubleNetwork {
    let blueprint: Blueprint
    let ranges: [String: Range<Int>]
    var values: [Double]
    /// Hidden and memory of every lane and layer; the decoder is the last layer.
    var state: [[(hidden: [Double], memory: [Double])]]

    init(_ blueprint: Blueprint, _ parameters: Parameters, lanes: Int) {
        self.blueprint = blueprint
        values = parameters.values.map(Double.init)
        var ranges: [String: Range<Int>] = [:]
        for tensor in parameters.tensors {
            ranges[tensor.name] = parameters.range(of: tensor.name)
        }
        self.ranges = ranges
        let zero = Array(repeating: 0.0, count: blueprint.hiddenSize)
        state = Array(
            repeating: Array(repeating: (zero, zero), count: blueprint.layers + 1),
            count: lanes
        )
    }

    /// Runs a chunk, keeps the state, and returns the mean loss.
    ///
    /// Shapes are those of `UnrolledPass`.
    mutating func run(_ inputs: [Float], frames: [Float], weights: [Float], steps: Int) -> Double {
        let size = blueprint.inputSize
        let row = state.count * size
        var error = (forecast: 0.0, reconstruct: 0.0)
        var weight = (forecast: 0.0, reconstruct: 0.0)
        for step in 0..<steps {
            for lane in state.indices {
                let start = step * row + lane * size
                let x = inputs[start..<start + size].map(Double.init)
                let (forecast, reconstruction) = advance(x, lane)
                for c in 0..<size {
                    let (now, after) = (start + c, start + row + c)
                    if let forecast {
                        let d = forecast[c] - Double(frames[after])
                        error.forecast += Double(weights[after]) * d * d
                        weight.forecast += Double(weights[after])
                    }
                    if let reconstruction {
                        let d = reconstruction[c] - Double(frames[now])
                        error.reconstruct += Double(weights[now]) * d * d
                        weight.reconstruct += Double(weights[now])
                    }
                }
            }
        }
        return (weight.forecast > 0 ? error.forecast / weight.forecast : 0)
            + (weight.reconstruct > 0 ? error.reconstruct / weight.reconstruct : 0)
    }

    private mutating func advance(_ x: [Double], _ lane: Int) -> ([Double]?, [Double]?) {
        var h = x
        for layer in 0..<blueprint.layers {
            h = cell("encoder", layer, h, &state[lane][layer])
        }
        let z = blueprint.codeSize > 0 ? linear("code.weight", "code.bias", h) : h
        var (forecastInput, reconstructInput) = (h, z)
        if blueprint.decoder == .recurrent {
            let g = cell("decoder", 0, z, &state[lane][blueprint.layers])
            (forecastInput, reconstructInput) = (g, g)
        }
        return (
            blueprint.heads.contains(.forecast)
                ? linear("forecast.weight", "forecast.bias", forecastInput) : nil,
            blueprint.heads.contains(.reconstruct)
                ? linear("reconstruct.weight", "reconstruct.bias", reconstructInput) : nil
        )
    }

    private func linear(_ weight: String, _ bias: String, _ x: [Double]) -> [Double] {
        guard let w = ranges[weight], let b = ranges[bias] else { fatalError(weight) }
        return b.indices.map { index in
            var sum = values[index]
            let start = w.lowerBound + (index - b.lowerBound) * x.count
            for column in x.indices {
                sum += values[start + column] * x[column]
            }
            return sum
        }
    }

    private func cell(
        _ name: String,
        _ layer: Int,
        _ x: [Double],
        _ state: inout (hidden: [Double], memory: [Double])
    ) -> [Double] {
        let a = linear("\(name).weight_ih_l\(layer)", "\(name).bias_ih_l\(layer)", x)
        let s = linear("\(name).weight_hh_l\(layer)", "\(name).bias_hh_l\(layer)", state.hidden)
        let n = blueprint.hiddenSize
        func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
        for u in 0..<n {
            switch blueprint.cell {
            case .lstm:
                state.memory[u] =
                    sigmoid(a[n + u] + s[n + u]) * state.memory[u]
                    + sigmoid(a[u] + s[u]) * tanh(a[2 * n + u] + s[2 * n + u])
                state.hidden[u] = sigmoid(a[3 * n + u] + s[3 * n + u]) * tanh(state.memory[u])
            case .gru:
                let r = sigmoid(a[u] + s[u])
                let z = sigmoid(a[n + u] + s[n + u])
                let new = tanh(a[2 * n + u] + r * s[2 * n + u])
                state.hidden[u] = (1 - z) * new + z * state.hidden[u]
            case .rnn:
                state.hidden[u] = tanh(a[u] + s[u])
            }
        }
        return state.hidden
    }
}
