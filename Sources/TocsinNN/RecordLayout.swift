/// Where the record of a device holds what ``AutoencoderState`` holds, in floats from its start.
///
/// A device that has seen nothing yet is a record of zeros.
public struct RecordLayout: Sendable, Equatable {
    /// Hidden and, for an LSTM, memory of every layer.
    public let recurrent: Range<Int>

    /// z; empty without a code.
    public let code: Range<Int>

    /// The features expected of the next sample.
    public let forecast: Range<Int>

    /// What the network makes of this sample's features.
    public let reconstruction: Range<Int>

    /// The number of floats that a step reads or writes.
    public var count: Int { reconstruction.upperBound }

    /// ``count``, filled up to whole cache lines of 64 bytes.
    public var stride: Int { (count + 15) / 16 * 16 }

    init(_ blueprint: Blueprint, stateSize: Int) {
        recurrent = 0..<stateSize
        code = stateSize..<stateSize + blueprint.codeSize
        forecast = code.upperBound..<code.upperBound + blueprint.inputSize
        reconstruction = forecast.upperBound..<forecast.upperBound + blueprint.inputSize
    }
}
