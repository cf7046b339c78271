/// What a client has done so far; the counters only grow.
public struct MQTTStatistics: Sendable, Equatable {
    /// What the network thread is doing.
    public enum Activity: UInt8, Sendable {
        /// It has not been started.
        case idle
        /// It is inside the resolver or a blocking connect, and cannot show progress until that
        /// returns: the latter after ``MQTTClient/Options/connectTimeout`` for each address.
        case connecting
        /// It waits for the broker's answer to CONNECT.
        case negotiating
        /// It is connected.
        case connected
        /// It lets a pause go by.
        case waiting
        /// It has ended.
        case stopped
    }

    /// What the network thread is doing.
    public let activity: Activity

    /// Grows at every round of the network thread, at least once a second unless ``activity`` is
    /// ``Activity/connecting``.
    public let progress: UInt64

    /// Connections that the broker accepted.
    public let connects: UInt64

    /// Messages received.
    public let received: UInt64

    /// Bytes of payload received.
    public let receivedBytes: UInt64

    /// Messages sent: QoS 0 when handed to the socket, QoS 1 when acknowledged.
    public let sent: UInt64

    /// Messages that were refused, expired or given up.
    public let dropped: UInt64

    /// Of these, QoS 0 messages that had been taken in.
    public let lostPosts: UInt64

    /// Messages that wait for the broker, those in flight included.
    public let queued: Int

    /// Bytes of topics and payloads that wait for the broker, those in flight included.
    public let queuedBytes: Int
}
