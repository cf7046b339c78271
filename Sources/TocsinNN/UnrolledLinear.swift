internal import CTocsinKernels

/// One linear layer over a chunk of steps and lanes.
struct UnrolledLinear: Sendable {
    /// The distance of rows.
    let padded: Int
    /// What it makes, `[steps, lanes, padded]`.
    private(set) var output: AlignedFloats
    /// Its gradient, `[steps, lanes, padded]`.
    private(set) var gradient: AlignedFloats
    /// Of the weights, as the kernels pack them.
    private(set) var packedGradient: AlignedFloats

    private let layer: LinearLayer
    private let shape: UnrolledShape

    /// Room for `lanes` and `steps` at most; the rows of what it reads are `inputStride` apart.
    init(_ layer: LinearLayer, inputStride: Int, lanes: Int, steps: Int, set: InstructionSet) {
        self.layer = layer
        shape = UnrolledShape(layer, inputStride: inputStride, set: set)
        padded = shape.padded
        output = AlignedFloats(zeros: steps * lanes * padded)
        gradient = output
        packedGradient = shape.zeroWeights().forward
    }

    /// Forgets the gradients of the chunk before.
    mutating func clearGradients() {
        gradient.clear()
        packedGradient.clear()
    }

    /// Makes ``output`` out of `input`, `[steps, lanes, inputStride]` from `start` on.
    mutating func forward(
        _ input: AlignedFloats,
        at start: Int,
        _ weights: UnrolledWeights,
        steps: Int,
        lanes: Int
    ) {
        shape.over(lanes: lanes, steps: steps)
            .linearForward(input, at: start, weights, output: &output)
    }

    /// Takes ``gradient`` back to `inputGradient`, `[steps, lanes, inputStride]`, which is added to or
    /// overwritten.
    mutating func backward(
        _ input: AlignedFloats,
        at start: Int,
        _ weights: UnrolledWeights,
        inputGradient: inout AlignedFloats,
        adds: Bool,
        steps: Int,
        lanes: Int
    ) {
        shape.over(lanes: lanes, steps: steps).linearBackward(
            input,
            at: start,
            weights,
            gradient: gradient,
            packed: &packedGradient,
            inputGradient: &inputGradient,
            adds: adds
        )
    }

    /// Copies ``output`` without its padding, `[steps × lanes, outputSize]`.
    func copyOutput(to rows: inout [Float], rows count: Int) {
        let size = layer.outputSize
        precondition(count * size <= rows.count && count * padded <= output.count)
        unsafe tocsin_copy_rows(&rows, size, output.pointer, padded, count, size)
    }

    /// Copies ``gradient`` from rows without padding.
    mutating func setGradient(_ rows: [Float], rows count: Int) {
        let size = layer.outputSize
        precondition(count * size <= rows.count && count * padded <= gradient.count)
        unsafe tocsin_copy_rows(gradient.mutablePointer(), padded, rows, size, count, size)
    }

    /// Exchanges ``gradient`` for another array, for as long as others add to it.
    mutating func swapGradient(_ other: inout AlignedFloats) {
        swap(&gradient, &other)
    }

    /// Exchanges ``packedGradient`` for that of other lanes.
    mutating func swapPackedGradient(_ other: inout AlignedFloats) {
        precondition(other.count == packedGradient.count, "another layer's gradients")
        swap(&packedGradient, &other)
    }

    /// Writes gradients of the weights to where the weights are.
    func unpack(_ packed: AlignedFloats, into gradients: inout Parameters) {
        shape.unpack(packed, into: &gradients)
    }
}
