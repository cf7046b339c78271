import Glibc
@testable import TocsinCore

/// What a decoder said of a payload.
private struct Reading: Equatable {
    var error: SampleDecodingError?
    var names: [[UInt8]] = []
    var values: [UInt64] = []
    var time: Timestamp?
}

/// The first byte chooses a decoder; then payloads of one stream, with NUL between them.
///
/// Payloads that follow each other meet the shape that the ones before left behind. Whatever the fast
/// reader makes of them must be what the plain one makes of each alone.
func fuzzJSON(_ bytes: [UInt8]) {
    guard let choice = bytes.first else { return }
    let decoder = JSONSampleDecoder(
        time: choice & 1 == 0 ? "time" : "a.b",
        channels: choice & 2 == 0 ? nil : ["a", "a.b", "flow", "t.a", "0.1"],
        value: choice & 4 == 0 ? "value" : "a"
    )
    let channel: [UInt8] = choice & 8 == 0 ? [] : Array("t".utf8)
    var kept = SampleBatch()
    for payload in Array(bytes.dropFirst()).parts(0, most: 16) {
        let fast = read(&kept) { batch throws(SampleDecodingError) in
            try decoder.decode(payload.span, channel: channel.span, into: &batch)
        }
        var fresh = SampleBatch()
        let plain = read(&fresh) { batch throws(SampleDecodingError) in
            try decoder.decodeAny(payload.span, channel: channel.span, into: &batch)
        }
        check(fast == plain, "fast \(fast), plain \(plain)")
        fuzzNumber(payload)
    }
}

private func read(
    _ batch: inout SampleBatch,
    _ decode: (inout SampleBatch) throws(SampleDecodingError) -> Void
) -> Reading {
    do throws(SampleDecodingError) {
        try decode(&batch)
    } catch {
        return Reading(error: error)
    }
    for entry in batch.entries {
        check(entry.value.isFinite || entry.value.isNaN, "a value is infinite")
    }
    return Reading(
        names: batch.entries.map { Array(batch.names[$0.name]) },
        values: batch.entries.map { $0.value.isNaN ? 1 : $0.value.bitPattern },
        time: batch.time
    )
}

/// A payload that is one number: what the C library reads, or no number at all.
private func fuzzNumber(_ payload: [UInt8]) {
    var batch = SampleBatch()
    let channel = Array("t".utf8)
    let reading = read(&batch) { batch throws(SampleDecodingError) in
        try NumberSampleDecoder().decode(payload.span, channel: channel.span, into: &batch)
    }
    guard reading.error == nil else { return }
    check(reading.names == [channel], "not the topic's channel")
    let value = batch.entries[0].value
    guard !value.isNaN else { return }
    let text = payload.map { CChar(bitPattern: $0) } + [0]
    let expected = strtod(text, nil)
    check(value.bitPattern == expected.bitPattern, "\(value), but strtod says \(expected)")
}
