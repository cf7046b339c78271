import TocsinCore

/// Windows sorted into a few kinds, each with its mean window: a k-means clustering.
struct WindowClusters: Sendable, Equatable {
    /// The mean windows, `[clusters][window]`.
    let centres: [[Float]]
    /// From a window w to `c · w − ‖c‖² / 2` for each centre c, which is largest for the nearest.
    private let nearness: AffineMap

    /// Clusters windows.
    ///
    /// Centres start at windows drawn by their distance from the centres before (k-means++) and move to
    /// the mean of the windows nearest to them until none changes sides, at most 20 times.
    ///
    /// Source: Arthur and Vassilvitskii 2007; Lloyd 1982.
    ///
    /// - Parameters:
    ///   - windows: at least one, `[windows][window]`
    ///   - count: clusters at most; fewer if there are not as many different windows
    ///   - seed: equal seeds give equal clusters
    init(_ windows: [[Float]], count: Int, seed: UInt64) {
        var centres = Self.drawn(windows, count: count, seed: seed)
        var nearness = Self.nearness(centres)
        var sides: [Int] = []
        for _ in 0..<20 {
            var room: [Float] = Array(repeating: 0, count: centres.count)
            let found = windows.map { Self.nearest($0, nearness, &room) }
            if found == sides { break }
            sides = found
            var sums = centres.map { $0.map { _ in 0.0 } }
            var counts = Array(repeating: 0.0, count: centres.count)
            for (window, side) in zip(windows, sides) {
                for i in window.indices { sums[side][i] += Double(window[i]) }
                counts[side] += 1
            }
            for k in centres.indices where counts[k] > 0 {
                centres[k] = sums[k].map { Float($0 / counts[k]) }
            }
            nearness = Self.nearness(centres)
        }
        self.centres = centres
        self.nearness = nearness
    }

    /// Which centre is nearest.
    ///
    /// - Parameter room: to work in, `[clusters]`
    func nearest(_ window: [Float], room: inout [Float]) -> Int {
        Self.nearest(window, nearness, &room)
    }

    private static func nearest(
        _ window: [Float],
        _ nearness: AffineMap,
        _ room: inout [Float]
    ) -> Int {
        nearness.apply(window, into: &room)
        var best = 0
        for k in room.indices where room[k] > room[best] { best = k }
        return best
    }

    private static func nearness(_ centres: [[Float]]) -> AffineMap {
        AffineMap(
            columns: (centres.first ?? []).indices.map { i in centres.map { $0[i] } },
            bias: centres.map { $0.reduce(0) { $0 - $1 * $1 / 2 } }
        )
    }

    private static func drawn(_ windows: [[Float]], count: Int, seed: UInt64) -> [[Float]] {
        var random = SeededGenerator(seed: seed)
        var centres = [windows[Int(random.uniform() * Double(windows.count))]]
        var distances = Array(repeating: Double.infinity, count: windows.count)
        while centres.count < count {
            let newest = centres[centres.count - 1]
            for (i, window) in windows.enumerated() {
                distances[i] = min(distances[i], squaredDistance(window, newest))
            }
            let total = distances.reduce(0, +)
            guard total > 0 else { break }
            var left = random.uniform() * total
            var drawn = 0
            while drawn + 1 < windows.count, left >= distances[drawn] {
                left -= distances[drawn]
                drawn += 1
            }
            centres.append(windows[drawn])
        }
        return centres
    }

    private static func squaredDistance(_ a: [Float], _ b: [Float]) -> Double {
        var sum: Float = 0
        let (a, b) = (a.span, b.span)
        for i in a.indices {
            let difference = a[i] - b[i]
            sum += difference * difference
        }
        return Double(sum)
    }
}
