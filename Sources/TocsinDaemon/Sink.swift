public import TocsinCore

/// Where assessments go.
public protocol Sink {
    /// Takes in what one frame led to; reads it at once and does not keep it.
    mutating func take(_ assessment: Assessment)
}

/// Writes one JSON object per frame: the very payload of the score message.
public struct JSONLinesSink: Sink {
    private var json = JSONWriter()
    private let write: ([UInt8]) -> Void

    /// A sink.
    ///
    /// - Parameters:
    ///   - write: gets each line, with its end
    public init(write: @escaping ([UInt8]) -> Void) {
        self.write = write
    }

    public mutating func take(_ assessment: Assessment) {
        guard !assessment.values.isEmpty else { return }
        json.removeAll()
        json.score(assessment)
        write(json.bytes + [UInt8(ascii: "\n")])
    }
}

/// Writes one row per frame: time, device, score, tail probability, warm-up, and each channel's share.
public struct CSVSink: Sink {
    private let write: ([UInt8]) -> Void

    /// A sink; writes the header at once.
    ///
    /// - Parameters:
    ///   - channels: the model's channels, in order
    ///   - write: gets each line, with its end
    public init(channels: [Channel], write: @escaping ([UInt8]) -> Void) {
        self.write = write
        let names = channels.map { ",share." + $0.name }.joined()
        write(Array("timestamp,device,score,tail_probability,warm\(names)\n".utf8))
    }

    public mutating func take(_ assessment: Assessment) {
        guard !assessment.values.isEmpty else { return }
        let score = assessment.score
        var line = "\(assessment.time),\(assessment.name)"
        line += ",\(score.map { $0.value.description } ?? "")"
        line += ",\(score.map { $0.tailProbability.description } ?? "")"
        line += ",\(assessment.isWarm ? 1 : 0)"
        for share in assessment.shares {
            line += ","
            if score != nil { line += share.rounded(digits: 6).description }
        }
        write(Array((line + "\n").utf8))
    }
}

/// Writes one JSON object per change of condition: the very payload of the alert message.
public struct AlertLinesSink: Sink {
    private var json = JSONWriter()
    private let write: ([UInt8]) -> Void

    /// A sink.
    ///
    /// - Parameters:
    ///   - write: gets each line, with its end
    public init(write: @escaping ([UInt8]) -> Void) {
        self.write = write
    }

    public mutating func take(_ assessment: Assessment) {
        for alert in assessment.alerts {
            json.removeAll()
            json.alert(alert)
            write(json.bytes + [UInt8(ascii: "\n")])
        }
    }
}
