internal import CTocsinKernels

/// One device's last frame, wherever it lies.
struct FrameFields: BitwiseCopyable {
    /// In each channel's unit; NaN where a channel is missing and must be masked, `[padded]`.
    let values: ChannelFields<Double>
    /// Whether a sample of this very period stands behind the value, and whether one of this period
    /// said "no value", `[padded]`.
    let marks: ChannelFields<Int32>

    var channels: Int { values.channels }

    /// A channel's value; NaN if missing.
    func value(_ channel: Int) -> Double { values[0][channel] }

    /// Whether a sample of this very period stands behind a channel's value.
    func isFresh(_ channel: Int) -> Bool {
        marks[0][channel] & Int32(TOCSIN_FRESH) != 0
    }

    /// Whether that holds for all channels.
    var isFresh: Bool {
        var all = Int32(TOCSIN_FRESH)
        let marks = marks[0]
        for c in marks.indices { all &= marks[c] }
        return all != 0
    }

    /// Whether a sample of this period said "no value".
    func isInvalid(_ channel: Int) -> Bool {
        marks[0][channel] & Int32(TOCSIN_INVALID) != 0
    }

    /// Whether no channel has a value.
    var isEmpty: Bool {
        let values = values[0]
        for c in values.indices where !values[c].isNaN { return false }
        return true
    }

    /// Writes a frame without a value.
    func clear() {
        values.numbers.fill(.nan)
        marks.numbers.fill(0)
    }

    /// Writes a channel.
    func set(_ channel: Int, _ value: Double, isFresh: Bool, isInvalid: Bool = false) {
        values[0][channel] = value
        marks[0][channel] =
            (isFresh ? Int32(TOCSIN_FRESH) : 0) | (isInvalid ? Int32(TOCSIN_INVALID) : 0)
    }
}

extension Frame {
    /// Lends the frame, and takes over what was written into it.
    mutating func withFields<Result>(_ body: (FrameFields) -> Result) -> Result {
        let channels = values.count
        var padded: [Double] = Array(repeating: .nan, count: Channels.padded(channels))
        var marks: [Int32] = Array(repeating: 0, count: Channels.padded(channels))
        return padded.withFields(channels) { padded in
            marks.withFields(channels) { marks in
                let fields = FrameFields(values: padded, marks: marks)
                for c in 0..<channels {
                    fields.set(c, values[c], isFresh: isFresh[c], isInvalid: isInvalid[c])
                }
                let result = body(fields)
                for c in 0..<channels {
                    values[c] = fields.value(c)
                    isFresh[c] = fields.isFresh(c)
                    isInvalid[c] = fields.isInvalid(c)
                }
                return result
            }
        }
    }
}
