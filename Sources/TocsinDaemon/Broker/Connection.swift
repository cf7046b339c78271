import TocsinMQTT

/// What the pipeline knows of the connection.
struct Connection {
    var isUp = false
    /// Why it was last said to be gone; `nil` since it was there.
    var reported: MQTTError?
    var wasReady = false
    private var lastProgress: UInt64 = .max

    /// Whether the network thread did something since the last question, or is provably busy with a
    /// call that nothing can interrupt.
    mutating func makesProgress(_ statistics: MQTTStatistics) -> Bool {
        defer { lastProgress = statistics.progress }
        return statistics.progress != lastProgress || statistics.activity == .connecting
    }

    /// Whether this end of a connection, or of an attempt, is worth a line.
    ///
    /// A broker that is away is said once, however its absence shows; a broker that is there and
    /// objects is said, too.
    func isNews(_ error: MQTTError) -> Bool {
        // Wanted, and said where it was.
        guard !error.isRenewal else { return false }
        guard !isUp, let reported else { return true }
        return error.reason != nil && error.reason != reported.reason
    }

    func address(_ client: MQTTClient) -> String { "\(client.address)" }
}
