public import TocsinCore

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

    public mutating func take(_ assessment: borrowing Assessment) {
        guard assessment.isOfFrame else { return }
        json.removeAll()
        json.score(assessment)
        write(json.bytes + [UInt8(ascii: "\n")])
    }
}
