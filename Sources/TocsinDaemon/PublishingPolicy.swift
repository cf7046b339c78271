/// What is published, and how often.
struct PublishingPolicy: Sendable, Equatable {
    /// The first level of every topic.
    var prefix: String
    /// The least time between two score messages of a device.
    var scoreInterval: Duration
    /// How often the daemon says how it is.
    var healthInterval: Duration
    /// How often each device's state is published; zero for never.
    var stateInterval: Duration

    init(_ output: Configuration.Output) {
        prefix = output.prefix
        scoreInterval = output.scoreInterval
        healthInterval = output.healthInterval
        stateInterval = output.stateInterval
    }
}
