// What outlives a process.

extension FrameSlots {
    /// Writes all that ``restore(from:)`` needs.
    func save(to writer: inout StateWriter) {
        writer.write(grid[0].origin)
        writer.write(grid[0].oldest)
        writer.write(grid[0].newest)
        writer.write(grid[0].watermark)
        let (channels, held, since) = (0..<timing.channels, held[0], since[0])
        writer.write(
            arrived.indices.flatMap { slot in channels.map { places[slot * timing.padded + $0] } }
        )
        writer.write(channels.map { held[$0] })
        writer.write(channels.map { since[$0] })
    }

    /// Takes back what ``save(to:)`` wrote, by slots of the same timing.
    func restore(from reader: inout StateReader) throws(StateError) {
        grid[0].origin = try reader.readTime()
        grid[0].oldest = try reader.readCount()
        grid[0].newest = try reader.readInteger()
        grid[0].watermark = try reader.readTime()
        let channels = timing.channels
        let values = try reader.readDoubles(count: arrived.count * channels)
        let last = try reader.readDoubles(count: channels)
        let times = try reader.readIntegers(count: channels)
        guard
            values.allSatisfy({
                $0.isFinite || $0.bitPattern == Self.nothing.bitPattern
                    || $0.bitPattern == Double.nan.bitPattern
            }),
            last.allSatisfy({ !$0.isInfinite }),
            times.allSatisfy({ $0 == .min || abs($0) < 1 << 60 }),
            isConsistent
        else { throw .inconsistent }
        for c in 0..<channels {
            held[0][c] = last[c]
            since[0][c] = times[c]
        }
        for slot in arrived.indices {
            arrived[slot] = 0
            for c in 0..<channels {
                let value = values[slot * channels + c]
                places[slot * timing.padded + c] = value
                if value.bitPattern != Self.nothing.bitPattern { arrived[slot] += 1 }
            }
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
