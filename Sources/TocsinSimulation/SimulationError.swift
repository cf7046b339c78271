import TocsinCore

/// Why a simulation cannot be run as ordered.
public struct SimulationError: Error, Equatable, CustomStringConvertible {
    /// Where it went wrong: the text that was read, or the property of the plan.
    public let place: String

    /// What went wrong.
    public let problem: Problem

    init(_ place: String, _ problem: Problem) {
        self.place = place
        self.problem = problem
    }

    /// What can be wrong with an order.
    public enum Problem: Equatable, Sendable {
        /// A name that stands for nothing: what it should name, the name, and the names there are.
        case unknown(String, String, known: [String])
        /// A part that cannot be read: which part, what stands there, and what was expected.
        case malformed(String, String, expected: String)
        /// A number outside its limits: which number, and what was expected.
        case outOfRange(String, expected: String)
        /// A fault that this kind of device cannot have.
        case notApplicable(SimulatedFaultKind, to: String)
    }

    public var description: String { "'\(place)': \(explanation)" }

    private var explanation: String {
        switch problem {
        case .unknown(let what, let name, let known):
            let nearest = nearestName(to: name, among: known)
            let hint = nearest.map { "; the nearest is '\($0)'" } ?? ""
            let all = known.joined(separator: ", ")
            return "unknown \(what) '\(name)'\(hint); expected one of \(all)"
        case .malformed(let part, let found, let expected):
            let what = found.isEmpty ? "\(part) missing" : "\(part) '\(found)' cannot be read"
            return "\(what); expected \(expected)"
        case .outOfRange(let part, let expected):
            return "\(part) out of range; expected \(expected)"
        case .notApplicable(let fault, let kind):
            return "a \(kind) cannot have the fault '\(fault.rawValue)'"
        }
    }
}
