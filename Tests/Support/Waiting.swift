import Foundation

/// Waits for something that a test can only ask for, and throws if it takes too long.
public func eventually(
    _ what: String,
    within limit: Duration = .seconds(30),
    detail: () -> String = { "" },
    _ isSo: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while !(try await isSo()) {
        guard ContinuousClock.now < deadline else {
            throw WaitedInVain(what: what, detail: detail())
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// What was waited for did not happen.
public struct WaitedInVain: Error, CustomStringConvertible {
    public let what: String
    public let detail: String

    public init(what: String, detail: String) {
        self.what = what
        self.detail = detail
    }

    public var description: String { "waited in vain: \(what) \(detail)" }
}

/// Does something that blocks, without holding up other tests: these share as few threads as there are
/// processors.
public func onThread<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Swift.Result { try body() })
        }
    }
}
