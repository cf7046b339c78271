/// Why a network cannot be built.
public enum BlueprintError: Error, Equatable, CustomStringConvertible {
    /// A size is out of its bounds.
    case outOfRange(name: String, value: Int, range: ClosedRange<Int>)
    /// There is no head.
    case noHead
    /// There is a code, but with a linear decoder and no reconstruct head nothing reads it.
    case unreadCode
    /// A tensor that the blueprint needs is not there.
    case missingTensor(String)
    /// A tensor is there that the blueprint does not have.
    case unknownTensor(String)
    /// A tensor has another number of elements than the blueprint says.
    case unexpectedCount(name: String, expected: Int, found: Int)
    /// A tensor holds an infinity or something that is not a number.
    case notFinite(String)

    public var description: String {
        switch self {
        case .outOfRange(let name, let value, let range):
            "\(name) is \(value); expected \(range.lowerBound) to \(range.upperBound)"
        case .noHead: "heads is empty; expected forecast, reconstruct or both"
        case .unreadCode:
            "code size is not 0, but without a reconstruct head a linear decoder does not read it"
        case .missingTensor(let name): "tensor '\(name)' is missing"
        case .unknownTensor(let name): "tensor '\(name)' is not part of this network"
        case .unexpectedCount(let name, let expected, let found):
            "tensor '\(name)' has \(found) elements; expected \(expected)"
        case .notFinite(let name): "tensor '\(name)' holds a value that is not finite"
        }
    }
}
