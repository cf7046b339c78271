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
///
/// Of a transition that was given to a connection which ended, or by a process which did, nobody knows
/// whether the broker has it. Until that is known nothing is sent; see ``EchoWatch``.
struct Outbox {
    /// One publication.
    struct Letter: Sendable, Equatable {
        var topic: String
        var payload: [UInt8]
        var isRetained: Bool
        /// What the client calls it; `nil` if the client would not take it yet.
        var token: MQTTToken?
        /// Whether it was given away before, and the broker may have it.
        var isDoubtful = false
        /// Where it stands in the ring.
        fileprivate var place = 0

        init(topic: String, payload: [UInt8], isRetained: Bool, isDoubtful: Bool = false) {
            self.topic = topic
            self.payload = payload
            self.isRetained = isRetained
            self.isDoubtful = isDoubtful
        }
    }

    /// What an entry of the ring is.
    private enum Kind {
        static let event: UInt32 = 0
        static let condition: UInt32 = 1
        static let settled: UInt32 = 2
        /// An event that was given to the client.
        static let given: UInt32 = 3
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
    private var doubts: Doubts
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
    ///   - isHeld: whether to send nothing before ``release()``
    init(_ ring: ByteRing = ByteRing(bytes: 1 << 20), owner: Int = 0, isHeld: Bool = false) {
        self.ring = ring
        self.owner = owner
        doubts = Doubts(mustWait: isHeld)
    }

    /// How many are kept.
    var count: Int { kept.count }

    /// All that are kept, oldest first.
    var letters: [Letter] { (oldest..<next).compactMap { kept[$0] } }

    /// Keeps a letter; the oldest go unread where there is no room.
    mutating func append(topic: String, payload: [UInt8], isRetained: Bool) {
        append(Letter(topic: topic, payload: payload, isRetained: isRetained))
    }

    /// Keeps a letter; the oldest go unread where there is no room.
    mutating func append(_ letter: Letter) {
        var letter = letter
        letter.token = nil
        // A condition may well be sent twice.
        if letter.isRetained { letter.isDoubtful = false }
        let name = Array(letter.topic.utf8)
        let (topic, payload) = (letter.topic, letter.payload)
        let kind =
            letter.isRetained ? Kind.condition : letter.isDoubtful ? Kind.given : Kind.event
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
        if letter.isDoubtful { doubt(next) }
        if letter.isRetained {
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
        var isSettled = false
        guard ring.take({ kind, _, _, _ in isSettled = kind == Kind.settled }) else { return false }
        ring.release()
        skipOldest()
        guard !isSettled, oldest < next, let letter = kept.removeValue(forKey: oldest) else {
            return true
        }
        forget(oldest, letter)
        oldest += 1
        lost += 1
        return true
    }

    private mutating func skipOldest() {
        while oldest < next, kept[oldest] == nil { oldest += 1 }
    }

    /// Hands the client what it has not been given yet, until it takes no more.
    mutating func send(by client: MQTTClient, now: ContinuousClock.Instant = .now) {
        guard !doubts.mustWait else { return }
        if let refusal, now < refusal.until { return }
        while sent.count < (refusal == nil ? Self.window : 1) {
            let isEvent = events.first(where: isWaiting) != nil
            guard
                let number = isEvent
                    ? events.first(where: isWaiting) : conditions.first(where: isWaiting),
                let letter = kept[number]
            else { return }
            if isEvent {
                // Before it is: whoever is killed in between has given it.
                ring.mark(letter.place, kind: Kind.given)
                doubts.give(number, letter.payload)
            }
            do {
                let token = try client.publish(
                    topic: letter.topic,
                    payload: letter.payload,
                    isRetained: letter.isRetained,
                    isRepeated: false,
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

    /// The broker would not have it: it is sent again, after a pause.
    mutating func giveBack(_ token: MQTTToken, now: ContinuousClock.Instant = .now) {
        // Many that were sent together are refused together.
        if refusal.map({ now >= $0.until }) ?? true {
            let pause = refusal.map { min($0.pause * 2, Self.longestPause) } ?? Self.firstPause
            refusal = (pause, now + pause)
        }
        takeBack(token)
    }

    /// The connection ended before the answer.
    mutating func interrupt(_ token: MQTTToken, mayHaveArrived: Bool) {
        guard let number = takeBack(token), mayHaveArrived else { return }
        doubt(number)
    }

    /// Lets an event wait again; returns its number.
    @discardableResult
    private mutating func takeBack(_ token: MQTTToken) -> Int? {
        guard let number = sent.removeValue(forKey: token), let letter = kept[number] else {
            return nil
        }
        kept[number]?.token = nil
        guard letter.isRetained else {
            events.insert(number)
            return number
        }
        // A later condition of the same topic may have been sent meanwhile.
        if latest[letter.topic] == number { conditions.insert(number) } else { settle(number) }
        return nil
    }

    private mutating func settle(_ number: Int) {
        guard let letter = kept.removeValue(forKey: number) else { return }
        forget(number, letter)
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
    // MARK: What the broker may have

    /// The broker has sent a transition to its subscribers, this daemon among them.
    mutating func hear(_ payload: [UInt8]) {
        guard let number = doubts.number(of: payload), kept[number]?.payload == payload else {
            return
        }
        refusal = nil
        settle(number)
    }

    /// The conductor says a word to itself; see ``EchoWatch``.
    mutating func expect(_ word: UInt64) { doubts.expected = word }

    /// A word came back.
    mutating func hear(word: UInt64) { doubts.heard = word }

    /// Ends the wait if the expected word has come back; after everything else that was told.
    mutating func resolve() {
        if doubts.isWordBack { release() }
    }

    /// Sends whatever is kept: no more is to be found out of it.
    mutating func release() {
        for number in doubts.release() { kept[number]?.isDoubtful = false }
    }

    private mutating func doubt(_ number: Int) {
        guard let letter = kept[number] else { return }
        kept[number]?.isDoubtful = true
        doubts.doubt(number, letter.payload)
    }

    private mutating func forget(_ number: Int, _ letter: Letter) {
        if let token = letter.token { sent[token] = nil }
        doubts.forget(number, letter.payload)
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
                    isRetained: kind == Kind.condition,
                    isDoubtful: kind == Kind.given
                )
            )
        }
    }
}
