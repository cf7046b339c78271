import TocsinCore
import TocsinMQTT

/// Something that enters the pipeline besides messages.
enum Event: Sendable {
    /// Something happened to the connection to the broker.
    case connection(MQTTEvent)
    /// What is read and what judges has changed.
    case reload(Intake, AlertPolicies, PublishingPolicy)
    /// Somebody asks; the answer goes into the reply.
    case request(StatusRequest, Reply)
    /// No more is coming: finish what is held, and end.
    case stop
}

/// What can be asked of a running daemon.
enum StatusRequest: Sendable, Equatable {
    /// Everything in short.
    case status
    /// One device in full.
    case inspect(device: String)
}
