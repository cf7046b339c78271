import Foundation
import Testing

import TocsinNN

struct HeadsTests {
    @Test func `an unknown head is refused`() {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(Heads.self, from: Data(#"["forecast","guess"]"#.utf8))
        }
    }

    @Test func `names are written in a fixed order`() throws {
        let read = try JSONDecoder().decode(
            Heads.self,
            from: Data(#"["reconstruct","forecast"]"#.utf8)
        )
        #expect(read == [.forecast, .reconstruct])
        let written = try JSONEncoder().encode(read)
        #expect(String(decoding: written, as: UTF8.self) == #"["forecast","reconstruct"]"#)
    }
}
