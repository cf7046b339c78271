/// One linear layer over a chunk of steps and lanes.
struct UnrolledLinear: Sendable {
    /// The distance of rows.
    let padded: Int
    /// What it makes, `[steps, lanes, padded]`.
    private(set) var output: [Float]
    /// Its gradient, `[steps, lanes, padded]`.
    private(set) var gradient: [Float]
    /// Of the weights, as the kernels pack them.
    private(set) var packedGradient: [Float]

    private let layer: LinearLayer
    private let shape: UnrolledShape

    /// Room for `lanes` and `steps` at most; the rows of what it reads are `inputStride` apart.
    init(_ layer: LinearLayer, inputStride: Int, lanes: Int, steps: Int, set: InstructionSet) {
        self.layer = layer
        shape = UnrolledShape(layer, inputStride: inputStride, set: set)
        padded = shape.padded
        output = Array(repeating: 0, count: steps * lanes * padded)
        gradient = output
        packedGradient = shape.zeroWeights().forward
    }

    /// Forgets the gradients of the chunk before.
    mutating func clearGradients() {
        Kernels.clear(&gradient)
        Kernels.clear(&packedGradient)
    }

    /// Makes ``output`` out of `input`, `[steps, lanes, inputStride]` from `start` on.
    mutating func forward(
        _ input: [Float],
        at start: Int,
        _ weights: UnrolledWeights,
        steps: Int,
        lanes: Int
    ) {
        shape.over(lanes: lanes, steps: steps)
            .linearForward(input, at: start, weights, output: &output)
    }

    /// Takes ``gradient`` back, and adds to `inputGradient`, `[steps, lanes, inputStride]`.
    mutating func backward(
        _ input: [Float],
        at start: Int,
        _ weights: UnrolledWeights,
        inputGradient: inout [Float],
        steps: Int,
        lanes: Int
    ) {
        shape.over(lanes: lanes, steps: steps).linearBackward(
            input,
            at: start,
            weights,
            gradient: gradient,
            packed: &packedGradient,
            inputGradient: &inputGradient
        )
    }

    /// Copies ``output`` without its padding, `[steps × lanes, outputSize]`.
    func copyOutput(to rows: inout [Float], rows count: Int) {
        let size = layer.outputSize
        Kernels.copyRows(
            &rows,
            stride: size,
            output,
            stride: padded,
            rows: count,
            columns: size
        )
    }

    /// Copies ``gradient`` from rows without padding.
    mutating func setGradient(_ rows: [Float], rows count: Int) {
        let size = layer.outputSize
        Kernels.copyRows(
            &gradient,
            stride: padded,
            rows,
            stride: size,
            rows: count,
            columns: size
        )
    }

    /// Exchanges ``gradient`` for another array, for as long as others add to it.
    mutating func swapGradient(_ other: inout [Float]) {
        swap(&gradient, &other)
    }

    /// Writes the gradients of the weights to where the weights are, or adds them.
    func unpackGradients(into gradients: inout Parameters, adding: Bool) {
        shape.unpack(packedGradient, into: &gradients, adding: adding)
    }
}
