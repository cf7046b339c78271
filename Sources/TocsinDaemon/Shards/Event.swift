import TocsinMQTT

/// Something that the conductor is told.
enum Event: Sendable {
    /// Something happened to the connection.
    case connection(MQTTEvent)
    /// The broker says how many messages it has dropped.
    case brokerDropped([UInt8], isRetained: Bool)
    /// What is read and what judges has changed.
    case reload(Reloader.Outcome)
    /// What should be read and judged from now on could not be understood.
    case reloadRefused(reason: String)
    /// Every shard has reloaded: so many devices kept their state, so many began anew.
    case reloaded(kept: Int, reset: Int)
    /// Somebody asks; the answer goes into the reply.
    case request(StatusRequest, Reply)
    /// Every shard has answered.
    case surveyed(Survey.Purpose, ShardFigures, devices: [[UInt8]])
    /// All state has been saved, or could not be.
    case saved(reason: String?)
    /// No more is coming: finish what is held, and end.
    case stop
}

/// Something that a shard is told besides messages.
enum ShardEvent: Sendable {
    case reload(Reloader.Outcome, Tally)
    /// One device in full is asked for.
    case inspect(device: String, Reply)
    /// Figures are asked for, and the list of devices where it is wanted.
    case survey(Survey)
    /// The client is done with a letter.
    case settled(MQTTToken, MQTTPublishFailure?)
    /// What the broker has is about to be known, or will not be known.
    case echo(EchoWatch.Step)
    /// State has to be saved.
    case save(StateWriting)
    /// No more is coming: finish what is held, save it, and end.
    case stop(StateWriting?)
}

/// What can be asked of a running daemon.
enum StatusRequest: Sendable, Equatable {
    /// Everything in short.
    case status
    /// One device in full.
    case inspect(device: String)
}
