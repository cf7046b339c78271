public import TocsinCore

/// Writes one row per frame: time, device, score, novelty, tail probability, warm-up, and each channel's share.
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
        write(Array("timestamp,device,score,novelty,tail_probability,warm\(names)\n".utf8))
    }

    public mutating func take(_ assessment: borrowing Assessment) {
        guard assessment.isOfFrame else { return }
        let score = assessment.score
        var line = "\(assessment.time),\(assessment.name)"
        line += ",\(score.map { $0.value.description } ?? "")"
        line += ",\(score.map { $0.novelty.description } ?? "")"
        line += ",\(score.map { $0.tailProbability.description } ?? "")"
        line += ",\(assessment.isWarm ? 1 : 0)"
        for share in assessment.shares {
            line += ","
            if score != nil { line += share.rounded(digits: 6).description }
        }
        write(Array((line + "\n").utf8))
    }
}
