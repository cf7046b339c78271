import Foundation
import Testing

@testable import TocsinFiles

struct AppendingFileTests {
    @Test func `a file grows at its end, from nothing`() throws {
        let folder = try Folder()
        let path = folder.file("a")
        try Files.write([9, 9, 9], to: path)
        let file = try AppendingFile(path)
        #expect(try Files.read(path) == [])
        try file.append([1])
        try file.append([])
        try file.append([2, 3])
        #expect(try Files.read(path) == [1, 2, 3])
    }

    @Test func `a full disk is an error`() throws {
        let file = try AppendingFile("/dev/full")
        do throws(FileError) {
            try file.append([1])
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.code == ENOSPC)
        }
    }

    @Test func `a file that cannot be opened is an error`() {
        do throws(FileError) {
            _ = try AppendingFile("/none/a")
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.description == "'/none/a': open: No such file or directory")
        }
    }
}
