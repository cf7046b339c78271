/// Something that enters the pipeline besides messages.
enum Event: Sendable {
    /// What is read and what judges has changed.
    case reload(Reloader.Outcome)
    /// What should be read and judged from now on could not be understood.
    case reloadRefused(reason: String)
    /// Somebody asks; the answer goes into the reply.
    case request(StatusRequest, Reply)
    /// No more is coming: finish what is held, and end.
    case stop
}

/// What can be asked of a running daemon.
enum StatusRequest: Sendable, Equatable {
    /// Everything in short.
    case status
    /// One device in full.
    case inspect(device: String)
}
