/// What is published, and how often.
struct PublishingPolicy: Sendable, Equatable {
    /// The first level of every topic.
    var prefix: String
    /// Which scores are published.
    var scores: ScorePolicy
    /// How often the daemon says how it is.
    var healthInterval: Duration
    /// How often each device's state is published; zero for never.
    var stateInterval: Duration

    init(_ output: Configuration.Output) {
        prefix = output.prefix
        scores = output.scores
        healthInterval = output.healthInterval
        stateInterval = output.stateInterval
    }

    /// Leaves one of so many shards its part of what is limited for all together.
    mutating func share(among shards: Int) {
        guard scores.perSecond > 0 else { return }
        scores.perSecond = max(scores.perSecond / shards, 1)
    }
}

/// Which scores are published; alerts always are.
///
/// What the first three leave out is not wanted. The last is a limit: what it leaves out is counted.
public struct ScorePolicy: Sendable, Equatable {
    /// The least time between two score messages of a device; zero for every frame.
    public var interval = Duration.zero
    /// By how much score or novelty must have moved since the device's last message; 0 for nothing.
    public var change = 0.0
    /// Only scores at or above this level, and the first below it; 0 for all.
    public var level = 0.0
    /// How many score messages a second at most, for the whole daemon; 0 for no limit.
    public var perSecond = 1_000

    /// Everything at its default.
    public init() {}
}
