import Testing

@testable import TocsinCore

struct NumberSampleDecoderTests {
    private func decode(_ text: String) throws(SampleDecodingError) -> SampleBatch {
        var batch = SampleBatch()
        let payload = text.bytes
        let channel = "flow".bytes
        try NumberSampleDecoder().decode(payload.span, channel: channel.span, into: &batch)
        return batch
    }

    @Test(arguments: [
        ("21.5", 21.5), (" 21.5\r\n", 21.5), ("+3", 3), ("-1e-2", -0.01), ("0", 0),
    ])
    func `a number is a value of the channel in the topic`(text: String, value: Double) throws {
        let batch = try decode(text)
        #expect(batch.entries.map(\.value) == [value])
        #expect(String(decoding: batch.names, as: UTF8.self) == "flow")
        #expect(batch.time == nil)
    }

    @Test(arguments: [
        "", " ", "nan", "NaN", "-nan", "null", "None", "unavailable", "unknown", "inf", "-inf",
        "+Inf", "Infinity", "-Infinity", "1e999",
    ])
    func `what programs print for no value is a missing value`(text: String) throws {
        #expect(try decode(text).entries.map(\.value.isNaN) == [true])
    }

    @Test(arguments: [
        ("on", 0), ("1 2", 1), ("12abc", 2), ("  x", 2), ("+-1", 0), ("1,5", 1), ("\"1\"", 0),
        ("-", 0), ("0x10", 1), ("\rinf\u{2D}", 1),
    ])
    func `anything else is refused, with the byte that does not fit`(text: String, offset: Int) {
        #expect(throws: SampleDecodingError.notANumber(offset: offset)) { try decode(text) }
    }
}
