/// A lower triangle L, laid out so that a product L x takes sixteen rows at once.
///
/// Rows are cut into tiles of sixteen. A tile holds its columns one after the other, up to the
/// diagonal's last; above the diagonal it is filled with 0, which costs a fifth more at 64 rows. Each row
/// still adds up from left to right, so the sums are those of the plain triangle, bit for bit.
struct TriangularTiles: Sendable, Equatable {
    /// Columns of sixteen rows, tile by tile.
    private let columns: [Lanes]

    /// The triangle of `size` rows, given row by row, `[size × (size + 1) / 2]`; nothing if it has
    /// another size.
    init(rows: [Float], size: Int) {
        guard rows.count == size * (size + 1) / 2 else {
            columns = []
            return
        }
        let height = Lanes.scalarCount
        columns = stride(from: 0, to: size, by: height).flatMap { top in
            (0..<min(top + height, size)).map { column in
                var lanes = Lanes.zero
                for row in max(top, column)..<min(top + height, size) {
                    lanes[row - top] = rows[row * (row + 1) / 2 + column]
                }
                return lanes
            }
        }
    }

    /// |L (x − mean)|², for spans of `size` elements, 0 for an empty x; does not allocate.
    func squaredLength(of x: Span<Float>, from mean: Span<Float>) -> Double {
        let columns = columns.span
        precondition(x.isEmpty || x.count == mean.count)
        var squares = Lanes.zero
        var next = 0
        var top = 0
        while top < x.count {
            var sums = Lanes.zero
            for column in 0..<min(top + Lanes.scalarCount, x.count) {
                sums += columns[next] * (x[column] - mean[column])
                next += 1
            }
            squares += sums * sums
            top += Lanes.scalarCount
        }
        return Double(squares.sum())
    }
}
