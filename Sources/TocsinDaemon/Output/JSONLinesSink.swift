public import TocsinCore

/// Writes one JSON object per frame: the very payload of the score message.
public struct JSONLinesSink: Sink {
    private let writer = Writer()
    private let write: ([UInt8]) -> Void

    /// A message's room belongs to one writer.
    private final class Writer {
        var message = ScoreMessage()
    }

    /// A sink.
    ///
    /// - Parameters:
    ///   - write: gets each line, with its end
    public init(write: @escaping ([UInt8]) -> Void) {
        self.write = write
    }

    public mutating func take(_ assessment: borrowing Assessment) {
        guard assessment.isOfFrame else { return }
        var line: [UInt8] = []
        writer.message.write(assessment) { for i in $0.indices { line.append($0[i]) } }
        write(line + [UInt8(ascii: "\n")])
    }
}
