public import TocsinCore

/// Where assessments go.
public protocol Sink {
    /// Takes in what one frame led to; reads it at once and does not keep it.
    mutating func take(_ assessment: borrowing Assessment)
}
