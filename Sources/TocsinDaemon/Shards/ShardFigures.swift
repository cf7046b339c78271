import TocsinCore

/// How one shard is, in numbers; of several, their sum.
struct ShardFigures: Sendable {
    var devices = 0
    /// Alerts that are raised.
    var raised = 0
    /// When the newest sample was measured.
    var latest: Timestamp?
    var counted = FleetCounters()
    var intake = IntakeCounters()
    /// Messages that found no room.
    var overflow = 0
    /// Messages that the broker sent again, which no shard sees.
    var redelivered = 0
    /// Messages that could not be published.
    var outputDropped = 0
    var scoresThinned = 0
    /// Alerts that wait for the broker.
    var outbox = 0
    var alertsLost = 0
    /// How long all devices may be silent at once; `nil` if nothing is known of them.
    var patience: Duration?
    /// Of the fullest queue, 0 … 1.
    var queueFill = 0.0

    static func + (a: Self, b: Self) -> Self {
        var sum = a
        sum.devices += b.devices
        sum.raised += b.raised
        sum.latest = [a.latest, b.latest].compactMap { $0 }.max()
        sum.counted = a.counted + b.counted
        sum.intake = a.intake + b.intake
        sum.overflow += b.overflow
        sum.outputDropped += b.outputDropped
        sum.scoresThinned += b.scoresThinned
        sum.outbox += b.outbox
        sum.alertsLost += b.alertsLost
        sum.patience = [a.patience, b.patience].compactMap { $0 }.max()
        sum.queueFill = max(a.queueFill, b.queueFill)
        return sum
    }
}
