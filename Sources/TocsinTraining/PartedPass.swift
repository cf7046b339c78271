import TocsinNN

/// A network over chunks of several steps and lanes, its lanes cut into parts that threads share.
///
/// Parts are of up to sixteen lanes, whatever the number of threads, and what they give is summed
/// in their order: hence the results do not depend on the threads.
///
/// Each thread has one place for activations, whatever part it works on, so that they stay in its
/// caches: those of sixteen lanes and 64 steps of M1 take 3.6 MB.
struct PartedPass: Sendable {
    /// Enough rows for the kernels' tiles, and few enough for several threads.
    private static let lanesOfPart = 16

    let blueprint: Blueprint

    private let workers: Workers
    private var packed: PackedParameters
    private var parts: [Part]
    /// One for each thread.
    private var places: [WorkingPlace]
    /// How many of the parts have lanes.
    private var count: Int

    /// Room for chunks of up to `lanes` × `steps`, with all weights 0.
    init(blueprint: Blueprint, lanes: Int, steps: Int, threads: Int) throws(BlueprintError) {
        precondition(lanes > 0)
        self.blueprint = blueprint
        packed = try PackedParameters(zeros: blueprint)
        count = (lanes + Self.lanesOfPart - 1) / Self.lanesOfPart
        let threads = min(max(1, threads), count)
        let own = min(Self.lanesOfPart, lanes)
        places = []
        for _ in 0..<threads {
            places.append(try WorkingPlace(blueprint, lanes: own, steps: steps))
        }
        let pass = places[0].pass
        parts = (0..<count).map { Part(first: $0 * Self.lanesOfPart, pass) }
        workers = Workers(threads: threads)
        reset(lanes: lanes)
    }

    /// Takes new weights; the state stays.
    mutating func load(_ parameters: Parameters) {
        for index in places.indices { places[index].pass.load(.none) }
        packed.load(parameters)
        for index in places.indices { places[index].pass.load(packed) }
    }

    /// Starts `lanes` lanes from a state of 0.
    mutating func reset(lanes: Int) {
        precondition(lanes > 0)
        count = (lanes + Self.lanesOfPart - 1) / Self.lanesOfPart
        precondition(count <= parts.count)
        for index in 0..<count {
            parts[index].lanes = min(Self.lanesOfPart, lanes - parts[index].first)
            parts[index].state = places[0].pass.zeroState()
        }
    }

    /// Advances all lanes by one chunk, and says how far its predictions are off.
    mutating func forward(_ chunk: TrainingChunk) -> LossSums {
        share { part, place in place.forward(&part, chunk) }
        return parts[..<count].reduce(into: LossSums()) { $0 += $1.loss }
    }

    /// Advances all lanes by one chunk, and makes `gradients` those of its ``LossSums/mean``.
    mutating func forwardAndBack(
        _ chunk: TrainingChunk,
        gradients: inout Parameters
    ) -> LossSums {
        // What the gradients are divided by does not depend on the predictions: so each part goes
        // back at once, while its activations are near.
        let lanes = parts[count - 1].first + parts[count - 1].lanes
        let counts = places[0].pass.lossWeights(chunk.weights, lanes: lanes, steps: chunk.steps)
        share { part, place in place.forwardAndBack(&part, chunk, counts) }
        for index in 1..<count { parts[0].gradients.add(parts[index].gradients) }
        places[0].pass.unpack(parts[0].gradients, into: &gradients)
        return parts[..<count].reduce(into: LossSums()) { $0 += $1.loss }
    }

    private mutating func share(_ body: (inout Part, inout WorkingPlace) -> Void) {
        let (workers, count) = (workers, count)
        unsafe places.withUnsafeMutableBufferPointer { places in
            unsafe parts.withUnsafeMutableBufferPointer { parts in
                // Each part is touched by one thread, and so is each place.
                let (parts, places) = unsafe (parts, places)
                workers.run(count) { index, thread in unsafe body(&parts[index], &places[thread]) }
            }
        }
    }
}

/// Some lanes, and their share of the chunk.
private struct Part: Sendable {
    /// The first of its lanes.
    let first: Int
    var lanes = 0
    /// After the last chunk.
    var state: UnrolledPass.SavedState
    var loss = LossSums()
    var gradients: UnrolledPass.PackedGradients

    init(first: Int, _ pass: UnrolledPass) {
        self.first = first
        state = pass.zeroState()
        gradients = pass.zeroGradients()
    }
}

/// What a thread needs to work on any part.
private struct WorkingPlace: Sendable {
    var pass: UnrolledPass
    private var inputs: [Float]
    private var frames: [Float]
    private var weights: [Float]

    init(_ blueprint: Blueprint, lanes: Int, steps: Int) throws(BlueprintError) {
        pass = try UnrolledPass(blueprint: blueprint, lanes: lanes, steps: steps)
        inputs = Array(repeating: 0, count: steps * lanes * blueprint.inputSize)
        frames = Array(repeating: 0, count: (steps + 1) * lanes * blueprint.inputSize)
        weights = frames
    }

    mutating func forward(_ part: inout Part, _ chunk: TrainingChunk) {
        cut(part, chunk.inputs, steps: chunk.steps, to: &inputs)
        cut(part, chunk.frames, steps: chunk.steps + 1, to: &frames)
        cut(part, chunk.weights, steps: chunk.steps + 1, to: &weights)
        pass.resume(part.state, lanes: part.lanes)
        pass.forward(inputs, steps: chunk.steps)
        pass.save(to: &part.state)
        part.loss = pass.loss(frames: frames, weights: weights)
    }

    /// - Parameter counts: the weights of all parts' loss
    mutating func forwardAndBack(
        _ part: inout Part,
        _ chunk: TrainingChunk,
        _ counts: LossSums
    ) {
        forward(&part, chunk)
        pass.backward(frames: frames, weights: weights, loss: counts)
        pass.swapGradients(&part.gradients)
    }

    /// Takes the part's lanes out of `[steps, lanes, channels]`.
    private func cut(_ part: Part, _ all: [Float], steps: Int, to own: inout [Float]) {
        let channels = pass.blueprint.inputSize
        let (row, count) = (all.count / steps, part.lanes * channels)
        precondition(part.first * channels + count <= row && steps * count <= own.count)
        unsafe own.withUnsafeMutableBufferPointer { own in
            unsafe all.withUnsafeBufferPointer { all in
                for step in 0..<steps {
                    let from = step * row + part.first * channels
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
