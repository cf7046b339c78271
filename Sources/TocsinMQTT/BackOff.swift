extension MQTTClient.Options {
    /// How long to wait between attempts to connect.
    ///
    /// The pause is drawn evenly from nothing to a ceiling which doubles with every failure (full
    /// jitter), so that a fleet of clients does not return to a broken broker all at once.
    public struct BackOff: Sendable, Equatable {
        /// The ceiling of the first pause.
        public var first: Duration = .seconds(1)

        /// The highest ceiling: a broker that is back is back for its users within ten seconds, and one
        /// attempt every four on the mean burdens nobody.
        public var cap: Duration = .seconds(8)

        /// How long a connection must have lasted for the next pause to be a first one.
        public var settled: Duration = .seconds(30)

        public init() {}

        /// The pause after `failures` failures before this one.
        ///
        /// Never less than a tenth of ``first``: a broker that refuses at once is not asked in a loop.
        ///
        /// - Parameter spent: how long the last attempt waited in vain; so much less is left to wait
        func pause(
            afterFailures failures: Int,
            spent: Duration = .zero,
            using generator: inout some RandomNumberGenerator
        ) -> Duration {
            // The shift is bounded: 2²⁰ seconds is beyond any cap.
            let ceiling = min(cap, first * (1 << min(failures, 20)))
            let jitter = Double.random(in: 0...1, using: &generator)
            return max(first / 10, ceiling * jitter - spent)
        }
    }
}
