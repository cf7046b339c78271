import TocsinCore

extension IntakeCounters {
    /// Both together.
    static func + (a: IntakeCounters, b: IntakeCounters) -> IntakeCounters {
        var sum = b
        sum.messages += a.messages
        sum.rejected += a.rejected
        sum.unmatched += a.unmatched
        sum.unwatched += a.unwatched
        sum.unknownChannels += a.unknownChannels
        return sum
    }
}
