// What outlives a process.

extension FrameSlots {
    /// Writes all that ``restore(from:)`` needs.
    func save(to writer: inout StateWriter) {
        writer.write(grid[0].origin)
        writer.write(grid[0].oldest)
        writer.write(grid[0].newest)
        writer.write(grid[0].watermark)
        writer.write(places.indices.map { places[$0] })
        writer.write(held.indices.map { held[$0].value })
        writer.write(held.indices.map { held[$0].since })
    }

    /// Takes back what ``save(to:)`` wrote, by slots of the same timing.
    func restore(from reader: inout StateReader) throws(StateError) {
        grid[0].origin = try reader.readTime()
        grid[0].oldest = try reader.readCount()
        grid[0].newest = try reader.readInteger()
        grid[0].watermark = try reader.readTime()
        let values = try reader.readDoubles(count: places.count)
        let last = try reader.readDoubles(count: held.count)
        let since = try reader.readIntegers(count: held.count)
        guard
            values.allSatisfy({
                $0.isFinite || $0.bitPattern == Self.nothing.bitPattern
                    || $0.bitPattern == Double.nan.bitPattern
            }),
            last.allSatisfy({ !$0.isInfinite }),
            since.allSatisfy({ $0 == .min || abs($0) < 1 << 60 }),
            isConsistent
        else { throw .inconsistent }
        for i in places.indices { places[i] = values[i] }
        for c in held.indices { held[c] = Held(value: last[c], since: since[c]) }
        for slot in arrived.indices {
            let frame = slot * timing.channels..<(slot + 1) * timing.channels
            let count = frame.count { places[$0].bitPattern != Self.nothing.bitPattern }
            arrived[slot] = Int32(count)
        }
    }

    /// Whether grid, window and watermark belong together; without that, the way from one to the
    /// other might be stepped through for years.
    var isConsistent: Bool {
        let grid = grid[0]
        if grid.origin == .min {
            return grid.oldest == 0 && grid.newest == -1 && grid.watermark == .min
        }
        guard grid.watermark != .min else { return false }
        return grid.newest == tick(of: grid.watermark)
            && (0...timing.window).contains(grid.newest - grid.oldest + 1)
    }
}
