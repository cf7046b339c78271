internal import CTocsinKernels

/// Where the hidden state of a model lives and how it moves, laid out for the kernels.
///
/// The whitening is a lower triangle L. It is cut into tiles of sixteen rows; a tile holds its columns
/// one after the other, up to the diagonal's last, and 0 above the diagonal, which costs a fifth more
/// at 64 rows. Everything else is padded with 0 to whole vectors.
@safe
final class HiddenUsual: @unchecked Sendable {
    // @unchecked: never changes.

    /// What a frame is compared with; as long as its owner lives.
    @safe
    struct View: BitwiseCopyable {
        let state: UnsafePointer<tocsin_usual_state>
        /// What the pace is on average.
        let offset: Double
        /// Whether anything could be learned about the pace.
        let hasPace: Bool

        /// How long a hidden state is in memory.
        var stateBytes: Int { unsafe state.pointee.padded * MemoryLayout<Float>.stride }

        /// |L (h − mean)|² of some hidden states, `[hidden]` each; each gets the bits that it would get
        /// alone.
        func whitenedSquares(
            _ states: UnsafePointer<UnsafePointer<Float>?>,
            _ squares: Numbers<Float>
        ) {
            unsafe tocsin_whitened_squares(state, states, squares.start, squares.count)
        }

        /// |L (h − mean)|² of one.
        func whitenedSquare(of hidden: Numbers<Float>) -> Float {
            precondition(unsafe hidden.count == state.pointee.size)
            var square: Float = 0
            unsafe withUnsafePointer(to: UnsafePointer(hidden.start) as UnsafePointer<Float>?) {
                unsafe tocsin_whitened_squares(state, $0, &square, 1)
            }
            return square
        }
    }

    /// The numbers of a hidden state in whole vectors.
    static func padded(_ size: Int) -> Int { (size + lanes - 1) / lanes * lanes }

    private static let lanes = Int(TOCSIN_WATCH_LANES)

    private let mean: Constants<Float>
    private let whitening: Constants<Float>
    private let weights: Constants<Float>
    private let limits: Constants<Float>
    private let state: UnsafeMutablePointer<tocsin_usual_state>
    private let offset: Double
    private let hasPace: Bool

    init(_ reference: DriftReference) {
        let size = reference.hiddenMean.count
        func whole(_ row: some Sequence<Float>) -> [Float] {
            let row = Array(row)
            return row + Array(repeating: 0, count: Self.padded(size) - row.count)
        }
        mean = Constants(whole(reference.hiddenMean))
        whitening = Constants(Self.tiles(reference.hiddenWhitening, size: size))
        let pace = reference.pace
        hasPace = size > 0 && pace.weights.count == 2 * size && pace.limits.count == 2 * size
        weights = Constants(
            hasPace ? whole(pace.weights[..<size]) + whole(pace.weights[size...]) : []
        )
        limits = Constants(
            hasPace ? whole(pace.limits[..<size]) + whole(pace.limits[size...]) : []
        )
        offset = pace.offset
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(
            to: tocsin_usual_state(
                size: size,
                padded: Self.padded(size),
                mean: mean.numbers.start,
                whitening: whitening.numbers.start,
                weights: hasPace ? weights.numbers.start : nil,
                limits: hasPace ? limits.numbers.start : nil
            )
        )
    }

    deinit {
        unsafe state.deallocate()
    }

    var view: View {
        unsafe View(state: UnsafePointer(state), offset: offset, hasPace: hasPace)
    }

    /// The tiles of a triangle that is given row by row; 0 if it has another size.
    private static func tiles(_ rows: [Float], size: Int) -> [Float] {
        let isTriangle = rows.count == size * (size + 1) / 2
        var tiles: [Float] = []
        for top in stride(from: 0, to: size, by: lanes) {
            for column in 0..<min(top + lanes, size) {
                for row in top..<top + lanes {
                    let isInside = isTriangle && row < size && column <= row
                    tiles.append(isInside ? rows[row * (row + 1) / 2 + column] : 0)
                }
            }
        }
        return tiles
    }
}
