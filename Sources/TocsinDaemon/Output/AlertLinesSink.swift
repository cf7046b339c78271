public import TocsinCore

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

    public mutating func take(_ assessment: borrowing Assessment) {
        for alert in assessment.alerts {
            json.removeAll()
            json.alert(alert)
            write(json.bytes + [UInt8(ascii: "\n")])
        }
    }
}
