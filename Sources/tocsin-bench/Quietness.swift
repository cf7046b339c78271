import TocsinNN

/// Tells rounds in which a neighbour disturbed the core from those in which none did.
///
/// A virtual machine's core is often half of one: while the other half works, a loop of multiply-adds
/// is as fast as ever, but whatever needs many instructions for each of them is slower. Additions
/// tell which it is, made before and after a round. They are counted in the multiply-adds that the
/// same time would have sufficed for, because a core's clock changes, too. A round is quiet if that
/// is at most 4 % more than what the quickest fiftieth of all rounds takes. What came and went
/// within a round is not seen, and if the neighbour never rests, most rounds count as quiet.
struct Quietness {
    private var costs: [Double] = []

    /// How long the additions take now, in seconds: some 0.1 ms.
    static func probe() -> Double {
        let begin = threadSeconds()
        InstructionSet.additions(rounds: 50_000)
        return threadSeconds() - begin
    }

    /// Notes what the additions of a round cost.
    mutating func note(_ cost: Double) { costs.append(cost) }

    /// The most that they cost in a quiet round, once all rounds are over.
    var limit: Double { 1.04 * costs.sorted()[costs.count / 50] }
}
