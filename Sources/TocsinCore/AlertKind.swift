/// The four verdicts.
public enum AlertKind: Int, Sendable, CaseIterable, Codable {
    /// The device behaves unusually, now.
    case anomaly
    /// The device has changed for good.
    case drift
    /// A sensor is broken.
    case fault
    /// Nothing arrives.
    case silence

    /// As in topics and payloads.
    public var name: String {
        switch self {
        case .anomaly: "anomaly"
        case .drift: "drift"
        case .fault: "fault"
        case .silence: "silence"
        }
    }
}
