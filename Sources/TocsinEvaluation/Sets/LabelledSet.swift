import Glibc
import TocsinFiles

/// A folder with one labelled set: a `dataset.json`, and two tables for each entity.
///
/// `entities` of the manifest say which tables are whose, how many rows they hold, and, where somebody
/// knows, which channels were behind an event.
public struct LabelledSet: Sendable {
    /// The folder's name.
    public let name: String
    /// In the order of the manifest.
    public let entities: [LabelledEntity]

    /// The sets that are read unless others are asked for.
    public static let usual = ["smd", "asd", "skab", "nab"]

    /// Reads the manifest of `folder/name`.
    public init(_ name: String, in folder: String) throws {
        let place = "\(folder)/\(name)"
        let manifest = try SetManifest(reading: "\(place)/dataset.json")
        self.name = name
        entities = manifest.entities.map { entity in
            func table(_ file: SetManifest.File) -> LabelledEntity.Table {
                LabelledEntity.Table(path: "\(place)/\(file.file)", rows: file.rows)
            }
            return LabelledEntity(
                set: name,
                name: entity.id,
                train: table(entity.train),
                commonTrain: manifest.commonTrain.map(table),
                test: table(entity.test),
                causes: entity.rootCauses.map { causes in
                    causes.map { RootCause(rows: $0.start..<$0.end, channels: Set($0.channels)) }
                }
            )
        }
    }

    /// The entities that `names` ask for, such as `smd` or `smd/machine-1-6`; all of ``usual`` for none.
    public static func entities(
        _ names: [String],
        in folder: String
    ) throws -> [LabelledEntity] {
        guard !names.isEmpty else {
            let there = try usual.filter { try isThere($0, in: folder) }
            guard !there.isEmpty else { throw SetError.noSets(folder: folder) }
            return try there.flatMap { try LabelledSet($0, in: folder).entities }
        }
        var found: [LabelledEntity] = []
        var seen: Set<String> = []
        for name in names {
            for entity in try asked(name, in: folder) where seen.insert(entity.id).inserted {
                found.append(entity)
            }
        }
        return found
    }

    /// The entities of one name.
    private static func asked(_ name: String, in folder: String) throws -> [LabelledEntity] {
        let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
        guard let set = parts.first, try isThere(set, in: folder) else {
            throw SetError.unknown(name: name, known: usual)
        }
        let all = try LabelledSet(set, in: folder).entities
        let asked = parts.count == 1 ? all : all.filter { $0.name == parts[1] }
        guard !asked.isEmpty else { throw SetError.unknown(name: name, known: all.map(\.id)) }
        return asked
    }

    private static func isThere(_ name: String, in folder: String) throws(FileError) -> Bool {
        do {
            _ = try Files.read("\(folder)/\(name)/dataset.json")
            return true
        } catch {
            guard error.code == ENOENT else { throw error }
            return false
        }
    }
}
