import FoundationEssentials
import Testing
import TocsinCore

@testable import TocsinDaemon

private func json(_ write: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    write(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
}

struct JSONWriterTests {
    @Test func `commas stand where they belong`() {
        let text = json { json in
            json.object { json in
                json.key("a")
                json.value(1)
                json.key("b")
                json.array { json in
                    json.value(true)
                    json.null()
                    json.object { _ in }
                    json.array { _ in }
                }
                json.key("c")
                json.object { json in
                    json.key("d")
                    json.value("e")
                }
            }
        }
        #expect(text == #"{"a":1,"b":[true,null,{},[]],"c":{"d":"e"}}"#)
    }

    @Test func `every character comes back`() throws {
        var scalars = String.UnicodeScalarView()
        for value in [UInt32](0...0x2FF) + [
            0x2028, 0xD7FF, 0xE000, 0xFFFD, 0xFFFF, 0x1F600, 0x10FFFF,
        ] {
            if let scalar = Unicode.Scalar(value) { scalars.append(scalar) }
        }
        let text = String(scalars)
        let written = json { json in
            json.array { json in json.value(text) }
        }
        #expect(try JSONDecoder().decode([String].self, from: Data(written.utf8)) == [text])
        #expect(written.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
    }

    @Test(arguments: [
        0, -0.5, 1, 1e15, 1e16, 123_456_789.125, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
        0.1, 1.0 / 3,
        -1e300, 999_999_999_999_999,
    ])
    func `numbers come back exactly`(number: Double) throws {
        let written = json { json in json.array { json in json.value(number) } }
        #expect(try JSONDecoder().decode([Double].self, from: Data(written.utf8)) == [number])
        let float = Float(number)
        let narrow = json { json in json.array { json in json.value(float) } }
        let read = try JSONDecoder().decode([Double?].self, from: Data(narrow.utf8))
        #expect(read == [float.isFinite ? Double(float.description) : nil])
    }

    @Test func `what is no number is null`() {
        let text = json { json in
            json.array { json in
                for value in [Double.nan, .infinity, -.infinity] { json.value(value) }
                json.value(Float.nan)
                json.value(Float.infinity)
                json.value(nil as Double?)
            }
        }
        #expect(text == "[null,null,null,null,null,null]")
    }

    @Test func `a writer that forgot begins anew`() {
        var writer = JSONWriter()
        writer.array { $0.value(1) }
        writer.removeAll()
        writer.array { $0.value(2) }
        #expect(writer.bytes == Array("[2]".utf8))
    }

    @Test func `times are in UTC with milliseconds`() {
        let text = json { $0.value(Timestamp(microseconds: 1_767_225_600_123_456)) }
        #expect(text == "\"2026-01-01T00:00:00.123Z\"")
    }
}
