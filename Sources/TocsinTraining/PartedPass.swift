import TocsinNN

/// A network over chunks of several steps and lanes, its lanes cut into parts that threads share.
///
/// Parts are of up to sixteen lanes, whatever the number of threads, and what they give is summed
/// in their order: hence the results do not depend on the threads.
struct PartedPass: Sendable {
    /// Enough rows for the kernels' tiles, and few enough for several threads.
    private static let lanesOfPart = 16

    let blueprint: Blueprint

    private let workers: Workers
    private var packed: PackedParameters
    private var parts: [Part]
    /// How many of the parts have lanes.
    private var count: Int

    /// Room for chunks of up to `lanes` × `steps`, with all weights 0.
    init(blueprint: Blueprint, lanes: Int, steps: Int, threads: Int) throws(BlueprintError) {
        precondition(lanes > 0)
        self.blueprint = blueprint
        packed = try PackedParameters(zeros: blueprint)
        parts = []
        for first in stride(from: 0, to: lanes, by: Self.lanesOfPart) {
            let own = min(Self.lanesOfPart, lanes - first)
            parts.append(try Part(blueprint, first: first, lanes: own, steps: steps))
        }
        count = parts.count
        workers = Workers(threads: min(threads, parts.count))
    }

    /// Takes new weights; the state stays.
    mutating func load(_ parameters: Parameters) {
        for index in parts.indices { parts[index].pass.load(.none) }
        packed.load(parameters)
        for index in parts.indices { parts[index].pass.load(packed) }
    }

    /// Starts `lanes` lanes from a state of 0.
    mutating func reset(lanes: Int) {
        precondition(lanes > 0)
        count = (lanes + Self.lanesOfPart - 1) / Self.lanesOfPart
        precondition(count <= parts.count)
        for index in 0..<count {
            parts[index].pass.reset(lanes: min(Self.lanesOfPart, lanes - parts[index].first))
        }
    }

    /// Advances all lanes by one chunk, and says how far its predictions are off.
    mutating func forward(_ chunk: TrainingChunk) -> LossSums {
        share { $0.forward(chunk) }
        return parts[..<count].reduce(into: LossSums()) { $0 += $1.loss }
    }

    /// Makes `gradients` those of the last chunk's ``LossSums/mean``.
    ///
    /// May be called once after each ``forward(_:)``.
    mutating func backward(loss: LossSums, gradients: inout Parameters) {
        share { $0.backward(loss) }
        for index in 0..<count {
            parts[index].pass.writeGradients(to: &gradients, adding: index > 0)
        }
    }

    private mutating func share(_ body: (inout Part) -> Void) {
        let (workers, count) = (workers, count)
        unsafe parts.withUnsafeMutableBufferPointer { parts in
            // Each part is touched by one thread.
            let parts = unsafe parts
            workers.run(count) { index in unsafe body(&parts[index]) }
        }
    }
}

/// Some lanes, and their share of the chunk.
private struct Part: Sendable {
    /// The first of its lanes.
    let first: Int
    var pass: UnrolledPass
    private(set) var loss = LossSums()
    private var inputs: [Float]
    private var frames: [Float]
    private var weights: [Float]

    init(
        _ blueprint: Blueprint,
        first: Int,
        lanes: Int,
        steps: Int
    ) throws(BlueprintError) {
        self.first = first
        pass = try UnrolledPass(blueprint: blueprint, lanes: lanes, steps: steps)
        inputs = Array(repeating: 0, count: steps * lanes * blueprint.inputSize)
        frames = Array(repeating: 0, count: (steps + 1) * lanes * blueprint.inputSize)
        weights = frames
    }

    mutating func forward(_ chunk: TrainingChunk) {
        cut(chunk.inputs, steps: chunk.steps, to: &inputs)
        cut(chunk.frames, steps: chunk.steps + 1, to: &frames)
        cut(chunk.weights, steps: chunk.steps + 1, to: &weights)
        pass.forward(inputs, steps: chunk.steps)
        loss = pass.loss(frames: frames, weights: weights)
    }

    mutating func backward(_ loss: LossSums) {
        pass.backward(inputs, frames: frames, weights: weights, loss: loss)
    }

    /// Takes its lanes out of `[steps, lanes, channels]`.
    private func cut(_ all: [Float], steps: Int, to own: inout [Float]) {
        let channels = pass.blueprint.inputSize
        let (row, count) = (all.count / steps, pass.lanes * channels)
        precondition(first * channels + count <= row && steps * count <= own.count)
        unsafe own.withUnsafeMutableBufferPointer { own in
            unsafe all.withUnsafeBufferPointer { all in
                for step in 0..<steps {
                    let from = step * row + first * channels
                    let target = unsafe UnsafeMutableBufferPointer(
                        rebasing: own[step * count..<(step + 1) * count]
                    )
                    let source = unsafe UnsafeBufferPointer(rebasing: all[from..<from + count])
                    _ = unsafe target.update(fromContentsOf: source)
                }
            }
        }
    }
}
