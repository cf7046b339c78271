import Testing
import TocsinTestNumbers

@testable import TocsinCore
@testable import TocsinTraining

struct BaselineFittingTests {
    private func numbers(_ count: Int, seed: UInt64 = 1) -> [Double] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in random.normal() }
    }

    /// A positive definite matrix, `[size][size]`: the products of 2 × size random rows.
    private func matrix(_ size: Int) -> SymmetricMatrix {
        let values = numbers(2 * size * size)
        var matrix = SymmetricMatrix(zeros: size)
        for start in stride(from: 0, to: values.count, by: size) {
            for a in 0..<size {
                for b in 0..<size { matrix.rows[a][b] += values[start + a] * values[start + b] }
            }
        }
        return matrix
    }

    private func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
        a.map { row in
            (b.first ?? []).indices.map { j in
                row.indices.reduce(0) { $0 + row[$1] * b[$1][j] }
            }
        }
    }

    @Test func `a system of equations is solved as by hand`() {
        // (4 + 1) x + 2 y = 9, 2 x + (2 + 1) y = 8: x = 1, y = 2; twice that beside it.
        let matrix = SymmetricMatrix(rows: [[4, 2], [2, 2]])
        let solution = matrix.solve([[9, 18], [8, 16]], ridge: 1)
        expectClose(solution.flatMap(\.self), [1, 2, 2, 4], tolerance: 1e-12)
    }

    @Test(arguments: [1, 2, 3, 17])
    func `what is solved for comes back`(size: Int) {
        let matrix = matrix(size)
        let right = (0..<size).map { [Double($0), 1] }
        let back = product(matrix.rows, matrix.solve(right, ridge: 0))
        expectClose(back.flatMap(\.self), right.flatMap(\.self), tolerance: 1e-8)
    }

    @Test func `eigenvalues and vectors of a matrix known by heart`() {
        // The second difference of three points: 2 + √2, 2, 2 − √2.
        let matrix = SymmetricMatrix(rows: [[2, -1, 0], [-1, 2, -1], [0, -1, 2]])
        let (values, vectors) = matrix.eigen()
        let root = 2.0.squareRoot()
        expectClose(values, [2 + root, 2, 2 - root], tolerance: 1e-12)
        expectClose(vectors[1].map { abs($0) }, [1 / root, 0, 1 / root], tolerance: 1e-12)
    }

    @Test(arguments: [1, 2, 3, 24])
    func `eigenvectors make the matrix again`(size: Int) {
        let matrix = matrix(size)
        let (values, vectors) = matrix.eigen()
        #expect(zip(values, values.dropFirst()).allSatisfy { $0 >= $1 })
        var sums = SymmetricMatrix(zeros: size)
        for (value, vector) in zip(values, vectors) {
            for a in 0..<size {
                for b in 0..<size { sums.rows[a][b] += value * vector[a] * vector[b] }
            }
        }
        expectClose(
            sums.rows.flatMap(\.self),
            matrix.rows.flatMap(\.self),
            tolerance: 1e-10 * values[0]
        )
    }

    @Test func `equal and vanishing eigenvalues do no harm`() {
        // Rank 2 of 6, both values 3: every value stands three times.
        let rows = (0..<6).map { a in (0..<6).map { b in a % 2 == b % 2 ? 1.0 : 0 } }
        let (values, vectors) = SymmetricMatrix(rows: rows).eigen()
        expectClose(values, [3, 3, 0, 0, 0, 0], tolerance: 1e-12)
        for (i, a) in vectors.enumerated() {
            for (j, b) in vectors.enumerated() {
                let product = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
                expectClose([product], [i == j ? 1 : 0], tolerance: 1e-12)
            }
        }
        #expect(SymmetricMatrix(zeros: 4).eigen().values == [0, 0, 0, 0])
    }

    @Test func `the products of windows are those of each window, summed`() {
        // Two recordings, and one too short for a window, which counts for nothing.
        let recordings = [numbers(3 * 11), numbers(3 * 4, seed: 2), numbers(3 * 2, seed: 3)]
        var products = WindowProducts(channels: 3, length: 4)
        var sums = SymmetricMatrix(zeros: 12)
        for frames in recordings {
            products.add(frames)
            for start in stride(from: 0, through: frames.count - 12, by: 3) {
                for a in 0..<12 {
                    for b in 0..<12 { sums.rows[a][b] += frames[start + a] * frames[start + b] }
                }
            }
        }
        expectClose(
            products.sums.rows.flatMap(\.self),
            sums.rows.flatMap(\.self),
            tolerance: 1e-12
        )
    }

    @Test func `a regression finds the equation that made the data`() {
        // x(t) = 0.5 x(t−1) − 0.3 y(t−2), y(t) = 0.4 x(t−1) + 0.6 y(t−1), with noise of spread 1.
        var values = [0.0, 0, 0, 0]
        let noise = numbers(2 * 20_000)
        for i in stride(from: 4, to: noise.count, by: 2) {
            values.append(0.5 * values[i - 2] - 0.3 * values[i - 3] + noise[i])
            values.append(0.4 * values[i - 2] + 0.6 * values[i - 1] + noise[i + 1])
        }
        var products = WindowProducts(channels: 2, length: 4)
        products.add(values)
        let map = AffineMap(regressing: products, mean: [0, 0], ridge: 1e-6)
        // What x and y of three, two and one frames ago add to x and to y. Chance leaves 1/√20 000
        // = 0.007 of each open.
        let coefficients: [[Float]] = [
            [0, 0], [0, 0], [0, 0], [-0.3, 0], [0.5, 0.4], [0, 0.6],
        ]
        for (input, expected) in coefficients.enumerated() {
            var found: [Float] = [.nan, .nan]
            map.apply((0..<6).map { $0 == input ? 1 : 0 }, into: &found)
            expectClose(found, expected, tolerance: 0.03)
        }
    }

    @Test func `an affine map by hand`() {
        let map = AffineMap(columns: [[1, 2], [3, 4], [5, 6]], bias: [10, 20])
        var y: [Float] = [.nan, .nan]
        map.apply([1, 0, -1], into: &y)
        #expect(y == [6, 16])
    }

    @Test func `clusters find windows that lie far apart`() {
        var random = SeededGenerator(seed: 5)
        let corners: [[Float]] = [[0, 0], [10, 0], [0, 10], [10, 10]]
        let windows = (0..<200).map { i in corners[i % 4].map { $0 + Float(random.normal()) / 10 } }
        let clusters = WindowClusters(windows, count: 4, seed: 1)
        var room: [Float] = Array(repeating: 0, count: 4)
        for corner in corners {
            // The mean of fifty windows of spread 0.1.
            let nearest = clusters.centres[clusters.nearest(corner, room: &room)]
            expectClose(nearest, corner, tolerance: 0.06)
        }
        #expect(clusters == WindowClusters(windows, count: 4, seed: 1))
        #expect(WindowClusters([[1], [1], [1]], count: 3, seed: 1).centres == [[1]])
    }
}
