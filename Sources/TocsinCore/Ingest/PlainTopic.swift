/// A template of nothing but literal levels and the device's: two comparisons find the name.
struct PlainTopic: Sendable {
    /// What stands before and behind the device's level, slashes and all.
    private let before: [UInt8]
    private let behind: [UInt8]

    /// `nil` for a template that is not plain.
    init?(_ template: TopicTemplate) {
        var (before, behind): ([UInt8], [UInt8]) = ([], [])
        var isBehind = false
        for level in template.levels {
            switch level {
            case .literal(let name) where isBehind: behind += Array("/".utf8) + name
            case .literal(let name): before += name + Array("/".utf8)
            case .device: isBehind = true
            case .channel, .any, .rest: return nil
            }
        }
        self.before = before
        self.behind = behind
    }

    /// Where the device's name stands; `nil` if the topic is another one.
    @inline(__always)
    func device(in topic: Span<UInt8>) -> Range<Int>? {
        let end = topic.count - behind.count
        guard end > before.count,
            topic.extracting(0..<before.count).equals(before.span),
            topic.extracting(end..<topic.count).equals(behind.span)
        else { return nil }
        let level = before.count..<end
        // It is a single level.
        let name = topic.extracting(level)
        return name.firstIndex(of: UInt8(ascii: "/"), from: 0) == name.count ? level : nil
    }
}
