import ServiceLifecycle
import Synchronization
import TocsinSystemd
import UnixSignals

/// Set once, by the pipeline's thread; awaited by its service.
final class FinishedFlag: Sendable {
    private struct State {
        var isSet = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func set() {
        let waiter = state.withLock { state in
            state.isSet = true
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns once it is set; for one task only.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isSet = state.withLock { state in
                if !state.isSet { state.waiter = continuation }
                return state.isSet
            }
            if isSet { continuation.resume() }
        }
    }
}

/// The pipeline as the service group sees it: told to stop, it finishes what it holds.
struct PipelineService: Service {
    let inbox: Inbox
    let finished: FinishedFlag

    func run() async throws {
        await withGracefulShutdownHandler {
            await finished.wait()
        } onGracefulShutdown: {
            inbox.put(.stop)
        }
    }
}

/// Reloads at every SIGHUP, and stops the pipeline at SIGTERM and SIGINT.
///
/// The sequence is made before anything else is: a signal that comes earlier than the group runs is
/// neither lost nor the end of the process.
struct SignalService: Service {
    let signals: UnixSignalsSequence
    let inbox: Inbox
    let reloader: Reloader
    let service: ServiceManager

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await signal in signals {
                if signal == .sighup {
                    service.reloading()
                    reloader.reload()
                } else {
                    inbox.put(.stop)
                }
            }
        }
    }
}
