import Glibc
import TocsinFiles
import TocsinSystemd

/// Where the broker's password comes from.
enum BrokerPassword {
    /// The password, from its file or else from the unit's credential `mqtt-password`; `nil` if there
    /// is neither.
    ///
    /// A file that is named must be there; the credential need not.
    static func read(
        _ configuration: Configuration,
        _ folders: ServiceFolders
    ) throws(FileError) -> String? {
        let named = configuration.broker.passwordFile
        if !named.isEmpty { return text(try Files.read(configuration.resolve(named))) }
        guard let folder = folders.credentials else { return nil }
        do {
            return text(try Files.read("\(folder)/mqtt-password"))
        } catch {
            guard error.code == ENOENT else { throw error }
            return nil
        }
    }

    /// Without the line's end, which editors add.
    static func text(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        return text.last?.isNewline == true ? String(text.dropLast()) : text
    }
}
