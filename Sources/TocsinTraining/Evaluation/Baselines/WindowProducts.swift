/// Sums of the products of all values in a window with each other, over all windows of a recording:
/// all that a linear baseline needs to know of it.
///
/// A window is some frames on end, the oldest first, as they lie in memory, `[length × channels]`. Two
/// values of it are multiplied again when the window has moved on by one frame, only one place further
/// down. So it is enough to add up the products with the newest frame; the others follow from them and
/// from the recording's two ends:
///
///     P(a, b) = P(a + channels, b + channels) + h(a) h(b) − g(a) g(b)
///
/// h is a recording's first window without its newest frame, g its last one without its oldest. That is
/// the covariance method of linear prediction, exact for recordings of any length.
///
/// Source: Makhoul 1975, "Linear prediction: a tutorial review", section II.
struct WindowProducts {
    /// Frames in a window.
    let length: Int
    private let channels: Int
    /// Of the newest frame with the window, `[channels][length × channels]`.
    private var newest: [[Double]]
    /// Σ h hᵀ − g gᵀ, `[(length − 1) × channels]` squared.
    private var ends: [[Double]]

    /// No windows yet.
    init(channels: Int, length: Int) {
        self.channels = channels
        self.length = length
        let size = length * channels
        newest = Array(repeating: Array(repeating: 0, count: size), count: channels)
        ends = SymmetricMatrix(zeros: size - channels).rows
    }

    /// Takes in all windows of one recording without a gap.
    ///
    /// - Parameter frames: dimensionless, nothing missing, `[frames, channels]`
    mutating func add(_ frames: [Double]) {
        let size = length * channels
        guard frames.count >= size else { return }
        for start in stride(from: 0, through: frames.count - size, by: channels) {
            let window = frames.span.extracting(start..<start + size)
            for c in 0..<channels {
                TocsinTraining.add(window[size - channels + c], times: window, to: &newest[c])
            }
        }
        let first = frames.span.extracting(0..<size - channels)
        let last = frames.span.extracting(frames.count - size + channels..<frames.count)
        for a in ends.indices {
            TocsinTraining.add(first[a], times: first, to: &ends[a])
            TocsinTraining.add(-last[a], times: last, to: &ends[a])
        }
    }

    /// P, `[length × channels]` squared.
    var sums: SymmetricMatrix {
        let size = length * channels
        let kept = size - channels
        var sums = SymmetricMatrix(zeros: size)
        for c in 0..<channels {
            sums.rows[kept + c] = newest[c]
            for a in 0..<size { sums.rows[a][kept + c] = newest[c][a] }
        }
        for a in (0..<kept).reversed() {
            for b in (0..<kept).reversed() {
                sums.rows[a][b] = sums.rows[a + channels][b + channels] + ends[a][b]
            }
        }
        return sums
    }
}
