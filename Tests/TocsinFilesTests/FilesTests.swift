import Foundation
import Testing

@testable import TocsinFiles

struct FilesTests {
    @Test(arguments: [0, 1, 1000, 1 << 18, 1_000_001])
    func `what was written is read`(count: Int) throws {
        let folder = try Folder()
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
        try Files.write(bytes, to: folder.file("a"))
        #expect(try Files.read(folder.file("a")) == bytes)
        #expect(try folder.names == ["a"])
    }

    @Test func `a file that is larger than asked for is not read`() throws {
        let folder = try Folder()
        try Files.write(Array(repeating: 1, count: 100), to: folder.file("a"))
        #expect(try Files.read(folder.file("a"), limit: 100).count == 100)
        let error = #expect(throws: FileError.self) {
            try Files.read(folder.file("a"), limit: 99)
        }
        #expect(error?.code == EFBIG)
        // One that does not say its size.
        #expect(throws: FileError.self) { try Files.read("/proc/self/status", limit: 10) }
    }

    @Test func `a file is replaced as a whole, and gets its mode when it is new`() throws {
        let folder = try Folder()
        try Files.write(Array(repeating: 1, count: 100), to: folder.file("a"), mode: 0o600)
        try Files.write([2], to: folder.file("a"))
        #expect(try Files.read(folder.file("a")) == [2])
        try Files.write([3], to: folder.file("b"), mode: 0o600)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("b"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `old content stays, and nothing else, when writing fails`() throws {
        // The name is as long as names may be, so that the draft's is longer.
        let folder = try Folder()
        let path = folder.file(String(repeating: "n", count: 252))
        #expect(FileManager.default.createFile(atPath: path, contents: Data([1])))
        let error = #expect(throws: FileError.self) { try Files.write([2], to: path) }
        #expect(error?.call == "open")
        #expect(error?.code == ENAMETOOLONG)
        #expect(try Files.read(path) == [1])
        #expect(try folder.names.count == 1)
    }

    @Test func `old content stays when the disk is full`() throws {
        // Writing to /dev/full fails with ENOSPC; the draft's name leads there.
        let folder = try Folder()
        try Files.write([1], to: folder.file("a"))
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("a.new"),
            withDestinationPath: "/dev/full"
        )
        let error = #expect(throws: FileError.self) { try Files.write([2], to: folder.file("a")) }
        #expect(error?.code == ENOSPC)
        #expect(try Files.read(folder.file("a")) == [1])
        #expect(try folder.names == ["a"])
    }

    @Test func `no draft stays behind when the place is taken by a folder`() throws {
        let folder = try Folder()
        try FileManager.default.createDirectory(
            atPath: folder.file("a"),
            withIntermediateDirectories: false
        )
        let error = #expect(throws: FileError.self) { try Files.write([2], to: folder.file("a")) }
        #expect(error?.call == "rename")
        #expect(try folder.names == ["a"])
    }

    @Test func `a folder, a missing file and a missing folder are told apart`() throws {
        let folder = try Folder()
        func code(_ path: String) -> Int32? {
            #expect(throws: FileError.self) { try Files.read(path) }?.code
        }
        #expect(code(folder.path) == EISDIR)
        #expect(code(folder.file("none")) == ENOENT)
        #expect(code(folder.file("none/a")) == ENOENT)
        let error = #expect(throws: FileError.self) {
            try Files.write([1], to: folder.file("none/a"))
        }
        #expect(
            error?.description == "'\(folder.path)/none/a.new': open: No such file or directory"
        )
    }

    @Test func `a file without a size is read to its end`() throws {
        #expect(try !Files.read("/proc/self/status").isEmpty)
    }
}
