/// Sixteen numbers that the processor takes at once, as far as it can.
typealias Lanes = SIMD16<Float>

extension Span<Float> {
    /// The elements from `start` on, 0 beyond the end.
    @inline(__always)
    func lanes(at start: Int) -> Lanes {
        if start + Lanes.scalarCount <= count {
            // Checks its bounds; "unsafe" is only that it would read any type.
            return unsafe bytes.unsafeLoadUnaligned(
                fromByteOffset: start * MemoryLayout<Float>.stride,
                as: Lanes.self
            )
        }
        var lanes = Lanes.zero
        for i in 0..<Swift.max(count - start, 0) { lanes[i] = self[start + i] }
        return lanes
    }

    /// Overwrites the elements of `target` from `start` on.
    @inline(__always)
    func copy(into target: inout MutableSpan<Float>, at start: Int) {
        precondition(start >= 0 && start + count <= target.count)
        for i in indices { target[start + i] = self[i] }
    }
}

extension Lanes {
    /// Each number without its sign.
    @inline(__always)
    var magnitudes: Lanes { replacing(with: -self, where: self .< 0) }

    /// Each number, but not more than that of `limit`.
    @inline(__always)
    func limited(to limit: Lanes) -> Lanes { replacing(with: limit, where: self .> limit) }
}
