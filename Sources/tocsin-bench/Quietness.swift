import TocsinNN

/// Tells rounds in which nobody else ran on the same core.
///
/// A virtual machine's core is often half of one: while the other half works, a loop of multiply-adds
/// is as fast as ever, but whatever needs many instructions for each of them is slower by a quarter.
/// Additions tell which it is: a round is quiet if they took no more than 4 % longer than the
/// fastest that were ever seen, both before and after it.
struct Quietness {
    /// The fastest additions so far, in seconds.
    private var fastest = Double.infinity

    /// Looks for a quiet moment for about a second.
    init() {
        for _ in 0..<10_000 { _ = probe() }
    }

    /// How long the additions take now, in seconds: some 0.1 ms.
    mutating func probe() -> Double {
        let begin = threadSeconds()
        InstructionSet.additions(rounds: 50_000)
        let span = threadSeconds() - begin
        fastest = min(fastest, span)
        return span
    }

    /// Whether nobody disturbed a round, given what ``probe()`` took before and after it.
    func isQuiet(_ before: Double, _ after: Double) -> Bool {
        max(before, after) <= 1.04 * fastest
    }
}
