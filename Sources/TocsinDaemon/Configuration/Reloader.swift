import TocsinCore

/// Reads the configuration again, and tells the pipeline what came of it.
struct Reloader: Sendable {
    /// What the daemon started with: parts of it stay until the next start.
    let start: Configuration
    let reread: @Sendable () throws -> Configuration
    let conductor: Mailbox<Event>

    /// A configuration that was read again and is good.
    struct Outcome: Sendable {
        var intake: Intake
        var policies: AlertPolicies
        var publishing: PublishingPolicy
        /// The keys that differ and wait for the next start.
        var waiting: [String]
    }

    func reload() {
        do {
            let next = try reread()
            conductor.put(.reload(try outcome(next)))
        } catch {
            conductor.put(.reloadRefused(reason: "\(error)"))
        }
    }

    private func outcome(_ next: Configuration) throws -> Outcome {
        var publishing = PublishingPolicy(next.output)
        // The will that the broker holds has the old one.
        publishing.prefix = start.output.prefix
        return Outcome(
            intake: try Setup(next).intake,
            policies: next.alerts,
            publishing: publishing,
            waiting: start.startOnlyDifferences(from: next)
        )
    }
}

extension Configuration {
    /// The parts that a reload cannot change and that differ.
    func startOnlyDifferences(from other: Configuration) -> [String] {
        var keys: [String] = []
        if broker != other.broker { keys.append("broker") }
        if intake.lateness != other.intake.lateness || intake.devices != other.intake.devices
            || intake.queueBytes != other.intake.queueBytes || intake.shards != other.intake.shards
        {
            keys.append("intake")
        }
        if state != other.state { keys.append("state") }
        if control != other.control { keys.append("control") }
        if output.prefix != other.output.prefix { keys.append("output.prefix") }
        return keys
    }
}
