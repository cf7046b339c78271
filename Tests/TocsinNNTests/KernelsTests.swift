import Testing
import TocsinTestNumbers

@testable import TocsinNN

struct KernelsTests {
    /// Rows around the tile's height, columns around its width and with every tail.
    static let shapes: [(rows: Int, inner: Int, columns: Int)] = [
        (1, 1, 1), (1, 7, 71), (1, 72, 256), (2, 5, 16), (5, 9, 31), (6, 64, 48), (7, 3, 13),
        (13, 70, 93),
    ]

    @Test(arguments: shapes)
    func `a product equals the plain loop's`(shape: (rows: Int, inner: Int, columns: Int)) {
        let (rows, inner, columns) = shape
        let x = Numbers.symmetric(seed: 1, count: rows * inner, scale: 1)
        let w = Numbers.symmetric(seed: 2, count: inner * columns, scale: 1)
        let start = Numbers.symmetric(seed: 3, count: rows * columns, scale: 1)
        var matrix = Matrix(rows: columns, columns: inner)
        matrix.elements = w
        var found = start
        Kernels.multiplyAdd(
            &found,
            at: 0,
            x,
            at: 0,
            w,
            at: 0,
            rows: rows,
            inner: inner,
            columns: columns
        )
        var expected: [Float] = []
        for row in 0..<rows {
            var y = Array(start[row * columns..<(row + 1) * columns])
            multiplyAdd(matrix, Array(x[row * inner..<(row + 1) * inner]), into: &y)
            expected += y
        }
        // Fused multiply-adds round once where the plain loop rounds twice: at most 72 × 2⁻²⁴ × 9.
        expectClose(found, expected, tolerance: 1e-5)
    }

    @Test(arguments: shapes)
    func `a product's bits do not depend on how many rows there are`(
        shape: (rows: Int, inner: Int, columns: Int)
    ) {
        let (rows, inner, columns) = shape
        let x = Numbers.symmetric(seed: 1, count: rows * inner, scale: 1)
        let w = Numbers.symmetric(seed: 2, count: inner * columns, scale: 1)
        let start = Numbers.symmetric(seed: 3, count: rows * columns, scale: 1)
        var together = start
        Kernels.multiplyAdd(
            &together,
            at: 0,
            x,
            at: 0,
            w,
            at: 0,
            rows: rows,
            inner: inner,
            columns: columns
        )
        var alone = start
        for row in 0..<rows {
            Kernels.multiplyAdd(
                &alone,
                at: row * columns,
                x,
                at: row * inner,
                w,
                at: 0,
                rows: 1,
                inner: inner,
                columns: columns
            )
        }
        #expect(together.map(\.bitPattern) == alone.map(\.bitPattern))
    }

    @Test(arguments: shapes)
    func `a column's bits do not depend on the vector or tail it falls into`(
        shape: (rows: Int, inner: Int, columns: Int)
    ) {
        let (rows, inner, columns) = shape
        let x = Numbers.symmetric(seed: 1, count: rows * inner, scale: 1)
        let w = Numbers.symmetric(seed: 2, count: inner * columns, scale: 1)
        var together = [Float](repeating: 0, count: rows * columns)
        Kernels.multiplyAdd(
            &together,
            at: 0,
            x,
            at: 0,
            w,
            at: 0,
            rows: rows,
            inner: inner,
            columns: columns
        )
        for column in 0..<columns {
            let weights = (0..<inner).map { w[$0 * columns + column] }
            var alone = [Float](repeating: 0, count: rows)
            Kernels.multiplyAdd(
                &alone,
                at: 0,
                x,
                at: 0,
                weights,
                at: 0,
                rows: rows,
                inner: inner,
                columns: 1
            )
            let expected = (0..<rows).map { together[$0 * columns + column].bitPattern }
            #expect(alone.map(\.bitPattern) == expected, "column \(column)")
        }
    }

    @Test(arguments: [(1, 4, 3), (65, 20, 17), (130, 7, 40)])
    func `a transposed product equals the plain loop's`(k: Int, m: Int, n: Int) {
        let a = Numbers.symmetric(seed: 1, count: k * m, scale: 1)
        let b = Numbers.symmetric(seed: 2, count: k * n, scale: 1)
        var expected = Matrix(rows: m, columns: n)
        var sums = [Float](repeating: 0, count: m)
        for row in 0..<k {
            let y = Array(a[row * m..<(row + 1) * m])
            outerAdd(y, Array(b[row * n..<(row + 1) * n]), into: &expected)
            for column in 0..<m {
                sums[column] += y[column]
            }
        }
        var found = [Float](repeating: 0, count: m * n)
        Kernels.transposedMultiplyAdd(&found, at: 0, a, at: 0, b, at: 0, k: k, m: m, n: n)
        // Up to 130 terms of at most 1.
        expectClose(found, expected.rowMajor, tolerance: 2e-5)
        var columnSums = [Float](repeating: 0, count: m)
        Kernels.columnSumsAdd(&columnSums, at: 0, a, rows: k, columns: m)
        #expect(columnSums == sums)
    }

    @Test(arguments: CellKind.allCases)
    func `gates stay finite at the ends of the range, and a NaN stays one`(kind: CellKind) {
        let size = 21
        for extreme: Float in [-3e38, -1e4, -100, 100, 1e4, 3e38, .nan] {
            var gates = [Float](repeating: extreme, count: kind.gates * size)
            var state = [Float](repeating: 0.5, count: 2 * size)
            Kernels.forward(
                kind,
                gates: &gates,
                hiddenSums: [Float](repeating: 0, count: kind.gates * size),
                state: &state,
                places: Kernels.Places(
                    hiddenBefore: 0,
                    hiddenAfter: 0,
                    memoryBefore: size,
                    memoryAfter: size
                ),
                rows: 1,
                size: size
            )
            let bounded = state.allSatisfy { abs($0) <= 1.5 }
            #expect(bounded == !extreme.isNaN, "\(extreme)")
            #expect(state[..<size].allSatisfy { $0.isNaN == extreme.isNaN }, "\(extreme)")
        }
    }

    @Test(arguments: CellKind.allCases)
    func `a unit's bits do not depend on the vector or tail it falls into`(kind: CellKind) {
        let size = 37
        let together = thereAndBack(kind, units: Array(0..<size), of: size)
        for unit in 0..<size {
            let alone = thereAndBack(kind, units: [unit], of: size)
            let expected = together.map { $0[unit].bitPattern }
            #expect(alone.map { $0[0].bitPattern } == expected, "unit \(unit)")
        }
    }

    /// One step forward and backward over some of `size` units.
    ///
    /// - Returns: hidden state, gradient before the step and each gate's, `[…, units]`
    private func thereAndBack(_ kind: CellKind, units: [Int], of size: Int) -> [[Float]] {
        let count = units.count
        func pick(_ seed: UInt64, _ rows: Int) -> [Float] {
            let all = Numbers.symmetric(seed: seed, count: rows * size, scale: 2)
            return (0..<rows).flatMap { row in units.map { all[row * size + $0] } }
        }
        var gates = pick(1, kind.gates)
        var sums = pick(2, kind.gates)
        // Hidden before and after, memory before and after.
        var state = pick(3, 4)
        var (hidden, memory) = (pick(4, 1), pick(5, 1))
        let places = Kernels.Places(
            hiddenBefore: 0,
            hiddenAfter: count,
            memoryBefore: 2 * count,
            memoryAfter: 3 * count
        )
        Kernels.forward(
            kind,
            gates: &gates,
            hiddenSums: sums,
            state: &state,
            places: places,
            rows: 1,
            size: count
        )
        Kernels.backward(
            kind,
            gates: &gates,
            at: 0,
            hiddenSums: &sums,
            at: 0,
            state: state,
            places: places,
            hiddenGradient: &hidden,
            memoryGradient: &memory,
            rows: 1,
            size: count
        )
        let rows = (0..<kind.gates).map { Array(gates[$0 * count..<($0 + 1) * count]) }
        return [Array(state[count..<2 * count]), hidden, memory] + rows
    }

    @Test func `a step of Adam follows PyTorch's formula`() {
        var parameters: [Float] = [1, -2]
        var first: [Float] = [0.1, 0]
        var second: [Float] = [0.01, 0]
        Kernels.adam(
            &parameters,
            gradients: [0.5, -1],
            first: &first,
            second: &second,
            decay: (0.9, 0.999),
            stepSize: 0.003,
            root: 0.5,
            epsilon: 1e-8
        )
        // m = 0.9 m + 0.1 g, v = 0.999 v + 0.001 g², p −= 0.003 m / (√v / 0.5 + 1e-8), by hand.
        expectClose(first, [0.14, -0.1], tolerance: 1e-7)
        expectClose(second, [0.01024, 0.001], tolerance: 1e-8)
        expectClose(parameters, [0.9979247, -1.9952566], tolerance: 1e-6)
    }
}
