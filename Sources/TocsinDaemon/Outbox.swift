import TocsinCore
import TocsinMQTT
import TocsinThreads

/// Alerts on their way to the broker; each is kept until the broker has acknowledged it.
///
/// They lie in a ring that outlives the process, and leave it in order. Transitions are sent in the
/// order in which they happened; a present condition, of which only the latest counts, goes when no
/// transition waits any more, so that a broker that was away hears the story first and how things
/// are last. A broker that refuses is asked again ever more rarely and with one letter at a time, so that
/// their order stays.
struct Outbox {
    /// One publication.
    struct Letter: Sendable, Equatable {
        var topic: String
        var payload: [UInt8]
        var isRetained: Bool
        /// What the client calls it; `nil` if the client would not take it yet.
        var token: MQTTToken?
        /// Where it stands in the ring.
        fileprivate var place = 0

        init(topic: String, payload: [UInt8], isRetained: Bool) {
            self.topic = topic
            self.payload = payload
            self.isRetained = isRetained
        }
    }

    /// What an entry of the ring is.
    private enum Kind {
        static let event: UInt32 = 0
        static let condition: UInt32 = 1
        static let settled: UInt32 = 2
    }

    private let ring: ByteRing
    private let owner: Int
    /// By their numbers, which count up.
    private var kept: [Int: Letter] = [:]
    /// The oldest number that may be kept, and the next.
    private var oldest = 0
    private var next = 0
    /// Numbers of letters that the client has not been given, in order.
    private var events = Line()
    private var conditions = Line()
    /// The letter with the present condition of a topic, as long as it waits.
    private var latest: [String: Int] = [:]
    private var sent: [MQTTToken: Int] = [:]
    /// Letters that had to go unread, because too many waited.
    private(set) var lost = 0

    /// So many are in the client's hands at most.
    private static let window = 256
    /// How long to wait after a refusal, and until when; `nil` since a letter was acknowledged.
    private var refusal: (pause: Duration, until: ContinuousClock.Instant)?
    private static let firstPause = Duration.milliseconds(250)
    private static let longestPause = Duration.seconds(4)

    /// An outbox.
    ///
    /// - Parameters:
    ///   - ring: where letters lie; nobody else's
    ///   - owner: as in the tokens of what is sent
    init(_ ring: ByteRing = ByteRing(bytes: 1 << 20), owner: Int = 0) {
        self.ring = ring
        self.owner = owner
    }

    /// How many are kept.
    var count: Int { kept.count }

    /// All that are kept, oldest first.
    var letters: [Letter] { (oldest..<next).compactMap { kept[$0] } }

    /// Keeps a letter; the oldest go unread where there is no room.
    mutating func append(topic: String, payload: [UInt8], isRetained: Bool) {
        var letter = Letter(topic: topic, payload: payload, isRetained: isRetained)
        let name = Array(topic.utf8)
        let kind = isRetained ? Kind.condition : Kind.event
        while true {
            if let place = ring.put(kind: kind, name.span, payload.span) {
                letter.place = place
                break
            }
            guard loseOldest() else {
                lost += 1
                return
            }
        }
        kept[next] = letter
        if isRetained {
            if let older = latest[topic], let waiting = kept[older], waiting.token == nil {
                settle(older)
            }
            latest[topic] = next
            conditions.append(next)
        } else {
            events.append(next)
        }
        next += 1
    }

    /// Makes room in the ring; false if nothing is in it that was written down.
    private mutating func loseOldest() -> Bool {
        guard ring.take({ _, _, _, _ in }) else { return false }
        ring.release()
        skipOldest()
        if oldest < next, let letter = kept.removeValue(forKey: oldest) {
            if let token = letter.token { sent[token] = nil }
            oldest += 1
            lost += 1
        }
        return true
    }

    private mutating func skipOldest() {
        while oldest < next, kept[oldest] == nil { oldest += 1 }
    }

    /// Hands the client what it has not been given yet, until it takes no more.
    mutating func send(by client: MQTTClient, now: ContinuousClock.Instant = .now) {
        if let refusal, now < refusal.until { return }
        while sent.count < (refusal == nil ? Self.window : 1) {
            let isEvent = events.first(where: isWaiting) != nil
            guard
                let number = isEvent
                    ? events.first(where: isWaiting) : conditions.first(where: isWaiting),
                let letter = kept[number]
            else { return }
            do {
                let token = try client.publish(
                    topic: letter.topic,
                    payload: letter.payload,
                    isRetained: letter.isRetained,
                    owner: owner
                )
                kept[number]?.token = token
                sent[token] = number
                if isEvent { events.removeFirst() } else { conditions.removeFirst() }
            } catch .invalidTopic {
                settle(number)
                lost += 1
            } catch {
                return
            }
        }
    }

    private func isWaiting(_ number: Int) -> Bool { kept[number].map { $0.token == nil } ?? false }

    /// The broker has it.
    mutating func acknowledge(_ token: MQTTToken) {
        guard let number = sent.removeValue(forKey: token) else { return }
        refusal = nil
        settle(number)
    }

    /// The client gave it up: it is sent again, after a pause.
    mutating func giveBack(_ token: MQTTToken, now: ContinuousClock.Instant = .now) {
        // Many that were sent together are refused together.
        if refusal.map({ now >= $0.until }) ?? true {
            let pause = refusal.map { min($0.pause * 2, Self.longestPause) } ?? Self.firstPause
            refusal = (pause, now + pause)
        }
        guard let number = sent.removeValue(forKey: token), let letter = kept[number] else {
            return
        }
        kept[number]?.token = nil
        guard letter.isRetained else { return events.insert(number) }
        // A later condition of the same topic may have been sent meanwhile.
        if latest[letter.topic] == number { conditions.insert(number) } else { settle(number) }
    }

    private mutating func settle(_ number: Int) {
        guard let letter = kept.removeValue(forKey: number) else { return }
        if latest[letter.topic] == number { latest[letter.topic] = nil }
        ring.mark(letter.place, kind: Kind.settled)
        // The ring gives back in order: what is settled at its beginning.
        skipOldest()
        let end = oldest < next ? kept[oldest]?.place ?? 0 : Int.max
        while ring.position < end, ring.take({ _, _, _, _ in }) {}
        ring.release()
    }
}

extension Outbox {
    /// Shows the letters that an earlier process left in a ring, oldest first.
    static func forEachLeft(
        in ring: ByteRing,
        until end: Int,
        _ body: (Letter) -> Void
    ) {
        ring.forEach(from: ring.shown.start, to: end) { kind, _, topic, payload in
            guard kind != Kind.settled else { return }
            body(
                Letter(
                    topic: String(decoding: topic.copy, as: UTF8.self),
                    payload: payload.copy,
                    isRetained: kind == Kind.condition
                )
            )
        }
    }
}

extension Span<UInt8> {
    /// The bytes as an array of their own.
    var copy: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for i in indices { bytes.append(self[i]) }
        return bytes
    }
}

/// Numbers in ascending order, of which the first is taken.
private struct Line {
    private var numbers: [Int] = []
    private var front = 0

    mutating func append(_ number: Int) { numbers.append(number) }

    /// The first that is good; those before it are dropped.
    mutating func first(where isGood: (Int) -> Bool) -> Int? {
        while front < numbers.count, !isGood(numbers[front]) { removeFirst() }
        return front < numbers.count ? numbers[front] : nil
    }

    mutating func removeFirst() {
        front += 1
        // Amortised: moves no more than was taken since the last time.
        guard front * 2 > numbers.count else { return }
        numbers.removeFirst(front)
        front = 0
    }

    /// Puts a number back where it belongs.
    mutating func insert(_ number: Int) {
        let place = numbers[front...].firstIndex { $0 > number } ?? numbers.count
        numbers.insert(number, at: place)
    }
}
