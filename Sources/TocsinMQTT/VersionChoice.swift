/// Chooses the version of the protocol to speak, from what the broker made of earlier attempts.
struct VersionChoice {
    private(set) var current: MQTTVersion
    private let mayFallBack: Bool
    /// A broker that hung up at CONNECT may not know MQTT 5, or may just be going down; after a
    /// connection with 3.1.1 that was tried for this reason, MQTT 5 gets another chance.
    private var isGuess = false
    private var version5Worked = false

    init(_ versions: MQTTClient.Options.Versions) {
        switch versions {
        case .preferVersion5: (current, mayFallBack) = (.v5, true)
        case .only(let version): (current, mayFallBack) = (version, false)
        }
    }

    /// The broker accepted ``current``.
    mutating func succeeded() {
        if current == .v5 { version5Worked = true }
    }

    /// Looks at how an attempt ended; true if the broker does not know MQTT 5, so that the next
    /// attempt, with 3.1.1, should follow at once.
    ///
    /// - Parameter answer: the reason code in CONNACK, or `nil` if there was none
    mutating func turnsTo311(answer: Int32?, error: MQTTError) -> Bool {
        guard mayFallBack else { return false }
        guard current == .v5 else {
            if isGuess || answer == 1 { current = .v5 }
            isGuess = false
            return false
        }
        // 0x84 is MQTT 5's word for it, 1 that of 3.1.1. An answer which only 3.1.1 can read is
        // malformed, and never reaches the callback.
        let isUnreadable =
            answer == nil
            && [MQTTError.Code.malformed, MQTTError.Code.protocol].contains(error.code)
        if answer == 0x84 || answer == 1 || isUnreadable {
            current = .v311
            return true
        }
        if answer == nil && error.code == MQTTError.Code.lost && !version5Worked {
            current = .v311
            isGuess = true
        }
        return false
    }
}
