/// What the devices that share the limit of score messages want together; see ``ScoreGate``.
package struct ScoreShares: BitwiseCopyable, Sendable {
    var urgent = Share()
    var usual = Share()

    /// Nobody wants anything.
    package init() {}

    /// Devices that share a part of the limit.
    struct Share: BitwiseCopyable, Sendable {
        var devices = 0
        /// How many scores of theirs are wanted, per second.
        var rate = 0.0

        /// How long a turn takes at so many messages a second, microseconds; `nil` if everything
        /// passes.
        func turn(_ perSecond: Double) -> Int64? {
            rate > perSecond * 1.000_001 ? Int64(Double(devices) / perSecond * 1e6) : nil
        }
    }
}
