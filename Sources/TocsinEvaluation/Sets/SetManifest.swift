import FoundationEssentials
import TocsinFiles

/// A labelled set's `dataset.json`, as far as an evaluation needs it.
struct SetManifest: Decodable {
    let channels: [String]
    let commonTrain: File?
    let entities: [Entity]

    /// A table beside the manifest.
    struct File: Decodable {
        let file: String
        let rows: Int
    }

    /// One device: its own training table, and its labelled one.
    struct Entity: Decodable {
        let id: String
        /// Where they differ from the set's.
        let channels: [String]?
        let train: File
        let test: File
        let rootCauses: [Cause]?

        enum CodingKeys: String, CodingKey {
            case id, channels, train, test
            case rootCauses = "root_causes"
        }
    }

    /// Rows `start ..< end` of the test table, counted from 0, and the channels behind the event.
    struct Cause: Decodable {
        let start: Int
        let end: Int
        let channels: [String]
    }

    enum CodingKeys: String, CodingKey {
        case channels, entities
        case commonTrain = "common_train"
    }

    /// Reads and checks a manifest.
    init(reading path: String) throws {
        let bytes = try Files.read(path)
        do {
            self = try JSONDecoder().decode(SetManifest.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw SetError.unusableManifest(path: path, problem: error.problem)
        }
        if let problem { throw SetError.unusableManifest(path: path, problem: problem) }
    }

    /// What contradicts itself.
    private var problem: String? {
        if entities.isEmpty { return "'entities' is empty" }
        for (i, entity) in entities.enumerated() {
            if entities[..<i].contains(where: { $0.id == entity.id }) {
                return "two entities are called '\(entity.id)'"
            }
            let known = entity.channels ?? channels
            for cause in entity.rootCauses ?? [] {
                let rows = "'\(entity.id)': root cause of rows \(cause.start) to \(cause.end)"
                guard cause.start >= 0, cause.start < cause.end, cause.end <= entity.test.rows
                else { return "\(rows), where the table has \(entity.test.rows)" }
                for channel in cause.channels where !known.contains(channel) {
                    return "\(rows) names '\(channel)', which is no channel"
                }
            }
        }
        return nil
    }
}

extension DecodingError {
    /// Where in the JSON it went wrong, and how.
    fileprivate var problem: String {
        switch self {
        case .keyNotFound(let key, let context):
            "'\(Self.path(context.codingPath + [key]))' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "'\(Self.path(context.codingPath))' is not what it should be"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "not JSON" : "'\(Self.path(context.codingPath))' is not what it should be"
        @unknown default: "not JSON"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.reduce("") { path, key in
            if let index = key.intValue { return "\(path)[\(index)]" }
            return path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)"
        }
    }
}
