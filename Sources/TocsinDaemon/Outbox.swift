import TocsinCore
import TocsinMQTT

/// Alerts on their way to the broker, in order; each is kept until the broker has acknowledged it.
struct Outbox: Sendable {
    /// One publication.
    struct Letter: Sendable, Equatable {
        var topic: String
        var payload: [UInt8]
        var isRetained: Bool
        /// What the client calls it; `nil` if the client would not take it yet.
        var token: MQTTToken?
    }

    private(set) var letters: [Letter] = []
    /// Letters that had to go unread, because too many waited.
    private(set) var lost = 0

    /// More are not kept; the oldest go first.
    private let capacity: Int

    init(capacity: Int = 100_000) {
        self.capacity = capacity
    }

    mutating func append(topic: String, payload: [UInt8], isRetained: Bool) {
        if letters.count == capacity {
            letters.removeFirst()
            lost += 1
        }
        letters.append(Letter(topic: topic, payload: payload, isRetained: isRetained))
    }

    /// Hands the client what it has not been given yet, in order, until it takes no more.
    mutating func send(by client: MQTTClient) {
        for i in letters.indices where letters[i].token == nil {
            do {
                letters[i].token = try client.publish(
                    topic: letters[i].topic,
                    payload: letters[i].payload,
                    isRetained: letters[i].isRetained
                )
            } catch {
                return
            }
        }
    }

    /// The broker has it.
    mutating func acknowledge(_ token: MQTTToken) {
        guard let i = letters.firstIndex(where: { $0.token == token }) else { return }
        letters.remove(at: i)
    }

    /// The client gave it up: it is sent again.
    mutating func giveBack(_ token: MQTTToken) {
        guard let i = letters.firstIndex(where: { $0.token == token }) else { return }
        letters[i].token = nil
    }
}
