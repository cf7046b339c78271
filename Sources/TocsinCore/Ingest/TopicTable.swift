/// All topic templates at once: which of them takes a topic, without trying one after the other.
///
/// A tree with one step per level of the topic. From a node lead the literal levels of its templates,
/// found by a hash; one step for names, which are not empty; and one for `+`. Several ways may lead to
/// an end, and the first template of all that end there wins. A way on which only later templates
/// lie than the one already found is not gone.
struct TopicTable: Sendable {
    private struct Node: Sendable {
        /// The next node for `{device}` and `{channel}`, for `+`, and whether there are literals.
        var named: Int32 = -1
        var any: Int32 = -1
        var hasLiterals = false
        /// The first template that ends here, that goes on with `#`, and that lies at or below.
        var last = Int32.max
        var rest = Int32.max
        var least = Int32.max
    }

    /// A step for a literal level.
    private struct Step: Sendable {
        var node: Int32
        var name: Range<Int32>
        var next: Int32
    }

    /// Where the device's and the channel's level stand in a template, -1 for no channel.
    private struct Names: Sendable {
        var device: Int
        var channel: Int
    }

    private var nodes = [Node()]
    private var steps: [Step] = []
    private var bytes: [UInt8] = []
    /// Numbers of steps by hash, -1 for a free place; a power of two, at most half full.
    private var slots = Array(repeating: Int32(-1), count: 16)
    private var names: [Names] = []
    private let seed = UInt64.random(in: .min ... .max)
    private let templates: [TopicTemplate]
    /// The first templates, as far as they are plain.
    private let plain: [PlainTopic]
    /// Whether a template has more levels than are noted.
    private let isDeep: Bool

    /// A table of templates, the first of which take precedence.
    init(_ templates: [TopicTemplate]) {
        self.templates = templates
        plain = templates.prefix(Self.mostPlain).map { PlainTopic($0) }.prefix { $0 != nil }
            .compactMap(\.self)
        isDeep = templates.contains { $0.levels.count > TopicLevels.capacity }
        for template in templates { add(template.levels) }
    }

    /// So many plain templates are tried one after the other.
    private static let mostPlain = 4

    /// The first template that matches, and where in `topic` its names stand; does not allocate.
    @inline(__always)
    func find(_ topic: Span<UInt8>) -> (template: Int, match: TopicMatch)? {
        let plain = plain.span
        for i in plain.indices {
            if let device = plain[i].device(in: topic) {
                return (i, TopicMatch(device: device, channel: 0..<0))
            }
        }
        return findInTree(topic)
    }

    private func findInTree(_ topic: Span<UInt8>) -> (template: Int, match: TopicMatch)? {
        // MQTT has no longer topics.
        guard !isDeep, topic.count <= UInt16.max else { return findInTurn(topic) }
        let levels = TopicLevels(topic)
        var best = Int32.max
        search(0, 0, topic, levels, &best)
        guard best < .max else { return nil }
        let names = names[Int(best)]
        let device = levels.range(names.device)
        let channel = names.channel < 0 ? 0..<0 : levels.range(names.channel)
        return (Int(best), TopicMatch(device: device, channel: channel))
    }

    /// The same, one template after the other.
    func findInTurn(_ topic: Span<UInt8>) -> (template: Int, match: TopicMatch)? {
        for i in templates.indices {
            if let match = templates[i].match(topic) { return (i, match) }
        }
        return nil
    }

    private func search(
        _ node: Int32,
        _ depth: Int,
        _ topic: Span<UInt8>,
        _ levels: TopicLevels,
        _ best: inout Int32
    ) {
        let here = nodes[Int(node)]
        best = min(best, here.rest)
        guard depth < levels.count else {
            if !levels.isMore { best = min(best, here.last) }
            return
        }
        let level = levels.range(depth)
        if here.hasLiterals, let next = step(node, topic.extracting(level)),
            nodes[Int(next)].least < best
        {
            search(next, depth + 1, topic, levels, &best)
        }
        if here.named >= 0, !level.isEmpty, nodes[Int(here.named)].least < best {
            search(here.named, depth + 1, topic, levels, &best)
        }
        if here.any >= 0, nodes[Int(here.any)].least < best {
            search(here.any, depth + 1, topic, levels, &best)
        }
    }

    private func step(_ node: Int32, _ name: Span<UInt8>) -> Int32? {
        var slot = place(node, name)
        while slots[slot] >= 0 {
            let step = steps[Int(slots[slot])]
            if step.node == node, bytes.span.extracting(bytes(of: step)).equals(name) {
                return step.next
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }
}

extension TopicTable {
    private func bytes(of step: Step) -> Range<Int> {
        Int(step.name.lowerBound)..<Int(step.name.upperBound)
    }

    private func place(_ node: Int32, _ name: Span<UInt8>) -> Int {
        let hash = name.hash(seed &+ UInt64(truncatingIfNeeded: node))
        return Int(truncatingIfNeeded: hash) & (slots.count - 1)
    }

    private mutating func add(_ levels: [TopicTemplate.Level]) {
        let template = Int32(names.count)
        names.append(
            Names(
                device: levels.firstIndex(of: .device) ?? 0,
                channel: levels.firstIndex(of: .channel) ?? -1
            )
        )
        var node: Int32 = 0
        for level in levels {
            nodes[Int(node)].least = min(nodes[Int(node)].least, template)
            switch level {
            case .literal(let name):
                node = step(node, name.span) ?? insert(node, name)
            case .device, .channel:
                if nodes[Int(node)].named < 0 { nodes[Int(node)].named = addNode() }
                node = nodes[Int(node)].named
            case .any:
                if nodes[Int(node)].any < 0 { nodes[Int(node)].any = addNode() }
                node = nodes[Int(node)].any
            case .rest:
                nodes[Int(node)].rest = min(nodes[Int(node)].rest, template)
                return
            }
        }
        nodes[Int(node)].least = min(nodes[Int(node)].least, template)
        nodes[Int(node)].last = min(nodes[Int(node)].last, template)
    }

    private mutating func addNode() -> Int32 {
        nodes.append(Node())
        return Int32(nodes.count - 1)
    }

    private mutating func insert(_ node: Int32, _ name: [UInt8]) -> Int32 {
        let start = Int32(bytes.count)
        bytes += name
        let next = addNode()
        nodes[Int(node)].hasLiterals = true
        steps.append(Step(node: node, name: start..<Int32(bytes.count), next: next))
        let enough = steps.count * 2 > slots.count ? slots.count * 2 : slots.count
        slots = Array(repeating: -1, count: enough)
        for i in steps.indices {
            var slot = place(steps[i].node, bytes.span.extracting(bytes(of: steps[i])))
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(i)
        }
        return next
    }
}

/// Where the levels of a topic stand.
struct TopicLevels {
    /// How many levels are noted.
    static let capacity = 16

    private var ends = SIMD16<UInt16>.zero
    /// How many there are, as far as they are noted.
    private(set) var count = 0
    /// Whether there are more.
    private(set) var isMore = false

    /// The levels of a topic of at most 65,535 bytes.
    init(_ topic: Span<UInt8>) {
        var end = -1
        while end < topic.count {
            guard count < Self.capacity else {
                isMore = true
                return
            }
            end = topic.firstIndex(of: UInt8(ascii: "/"), from: end + 1)
            ends[count] = UInt16(end)
            count += 1
        }
    }

    /// The bytes of a level that is noted.
    func range(_ level: Int) -> Range<Int> {
        (level == 0 ? 0 : Int(ends[level - 1]) + 1)..<Int(ends[level])
    }
}
