import Foundation
import Testing

@testable import TocsinFiles

struct GzipTests {
    /// `printf 'timestamp,a\n' | gzip -n9 | xxd -i`, gzip 1.12.
    private static let first: [UInt8] = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2b, 0xc9, 0xcc, 0x4d, 0x2d,
        0x2e, 0x49, 0xcc, 0x2d, 0xd0, 0x49, 0xe4, 0x02, 0x00, 0xda, 0x3e, 0x44, 0x1b, 0x0c, 0x00,
        0x00, 0x00,
    ]
    /// `printf '1,2\n' | gzip -n9 | xxd -i`, gzip 1.12.
    private static let second: [UInt8] = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x33, 0xd4, 0x31, 0xe2, 0x02,
        0x00, 0x33, 0x42, 0x21, 0x55, 0x04, 0x00, 0x00, 0x00,
    ]

    @Test func `a packed file is unpacked, also one of several members`() throws {
        let folder = try Folder()
        let path = folder.file("a.csv.gz")
        try Files.write(Self.first, to: path)
        #expect(try Files.readUnpacked(path) == Array("timestamp,a\n".utf8))
        try Files.write(Self.first + Self.second + Self.second, to: path)
        #expect(try Files.readUnpacked(path) == Array("timestamp,a\n1,2\n1,2\n".utf8))
    }

    @Test func `a plain file is read as it is`() throws {
        let folder = try Folder()
        for bytes in [[], [0x1F], Array("timestamp\n".utf8)] as [[UInt8]] {
            try Files.write(bytes, to: folder.file("a"))
            #expect(try Files.readUnpacked(folder.file("a")) == bytes)
        }
    }

    @Test func `a file that was cut short or damaged is refused`() throws {
        let folder = try Folder()
        let path = folder.file("a.gz")
        let whole = Self.first + Self.second
        // Cut within the first member, and within the second.
        for length in Array(2..<Self.first.count) + Array(Self.first.count + 1..<whole.count) {
            #expect(Gzip.unpack(Array(whole[..<length]), limit: 1000) == nil, "\(length)")
        }
        try Files.write(Array(whole.dropLast()), to: path)
        let error = #expect(throws: FileError.self) { try Files.readUnpacked(path) }
        #expect(error?.description == "'\(path)': unpack: damaged or cut short")
        var damaged = Self.first
        damaged[damaged.count - 8] ^= 1
        #expect(Gzip.unpack(damaged, limit: 1000) == nil)
        #expect(Gzip.unpack(Self.first + [1, 2, 3], limit: 1000) == nil)
    }

    @Test func `what unpacks to more than the limit is refused`() {
        #expect(Gzip.unpack(Self.first, limit: 12) != nil)
        #expect(Gzip.unpack(Self.first, limit: 11) == nil)
        #expect(Gzip.unpack(Self.first + Self.second, limit: 13) == nil)
    }
}
