/// Why a table cannot be evaluated on.
public enum LabelError: Error, Equatable, CustomStringConvertible {
    /// No row has a label.
    case none
    /// A row has none; counted from 1, the header's line included.
    case missing(Int)

    public var description: String {
        switch self {
        case .none: "no labels: the last column must be 'label', 0 or 1"
        case .missing(let line): "line \(line): no label, and nothing says whether this is normal"
        }
    }
}
