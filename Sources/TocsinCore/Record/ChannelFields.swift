internal import CTocsinKernels

/// Numbers of every channel, field by field, `[fields, padded]`: as the kernels take them.
///
/// Each field has room for whole vectors. What only pads belongs to channels without a value, and
/// nothing comes of it.
struct ChannelFields<Element: BitwiseCopyable>: BitwiseCopyable {
    /// All of them, `[fields × padded]`.
    let numbers: Numbers<Element>
    let channels: Int

    @inline(__always)
    init(_ numbers: Numbers<Element>, channels: Int) {
        self.numbers = numbers
        self.channels = channels
    }

    /// The length of a field.
    @inline(__always)
    var padded: Int { Channels.padded(channels) }

    /// One field, `[channels]`.
    @inline(__always)
    subscript(field: Int) -> Numbers<Element> {
        let padded = padded
        precondition(field >= 0 && (field + 1) * padded <= numbers.count)
        return unsafe Numbers(numbers.start + field * padded, count: channels)
    }

    /// Sets a field, with what pads it.
    func fill(_ field: Int, _ element: Element) {
        numbers.row(field, padded).fill(element)
    }
}

/// How channels are looked at together.
enum Channels {
    /// So many numbers have room for `channels` in whole vectors.
    @inline(__always)
    static func padded(_ channels: Int) -> Int {
        // A power of two.
        let lanes = Int(TOCSIN_CHANNEL_LANES)
        return (channels + lanes - 1) & -lanes
    }
}

extension Array where Element: BitwiseCopyable {
    /// One field of channels, padded with `padding`.
    func padded(with padding: Element) -> [Element] {
        self + Array(repeating: padding, count: Channels.padded(count) - count)
    }

    /// Lends fields of so many channels.
    mutating func withFields<Result>(
        _ channels: Int,
        _ body: (ChannelFields<Element>) throws -> Result
    ) rethrows -> Result {
        try withNumbers { try body(ChannelFields($0, channels: channels)) }
    }
}

extension Numbers {
    /// A row of a matrix of so many columns.
    func row(_ row: Int, _ columns: Int) -> Numbers {
        precondition(row >= 0 && (row + 1) * columns <= count)
        return unsafe Numbers(start + row * columns, count: columns)
    }
}
