import Testing

@testable import TocsinNN

struct MatrixTests {
    let matrix = Matrix(rows: 2, columns: 3, rowMajor: [1, 2, 3, 4, 5, 6])

    @Test func `rows come in and go out in PyTorch's order`() {
        #expect(matrix[1, 0] == 4)
        #expect(matrix.rowMajor == [1, 2, 3, 4, 5, 6])
    }

    @Test func `products are added`() {
        var y: [Float] = [10, 20]
        multiplyAdd(matrix, [1, 0, -1], into: &y)
        #expect(y == [8, 18])
        var x: [Float] = [1, 1, 1]
        transposedMultiplyAdd(matrix, [1, -1], into: &x)
        #expect(x == [-2, -2, -2])
        var w = matrix
        outerAdd([1, 2], [0, 1, 0], into: &w)
        #expect(w.rowMajor == [1, 3, 3, 4, 7, 6])
    }
}
