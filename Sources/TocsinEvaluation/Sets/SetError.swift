/// Why a folder of labelled sets cannot be evaluated on; each says what to do.
public enum SetError: Error, Equatable, CustomStringConvertible {
    /// The manifest is no JSON, or lacks something.
    case unusableManifest(path: String, problem: String)
    /// A file does not hold what its manifest says.
    case differentRows(path: String, found: Int, expected: Int)
    /// No set or entity has this name.
    case unknown(name: String, known: [String])
    /// The folder holds none of the sets.
    case noSets(folder: String)

    public var description: String {
        switch self {
        case .unusableManifest(let path, let problem):
            "'\(path)': \(problem); fetch the set's dataset.json anew, or mend it"
        case .differentRows(let path, let found, let expected):
            "'\(path)': \(found) rows, but its dataset.json says \(expected); "
                + "fetch both anew from the same source"
        case .unknown(let name, let known):
            "no set or entity '\(name)'; there are \(known.joined(separator: ", "))"
        case .noSets(let folder):
            "'\(folder)': none of \(LabelledSet.usual.joined(separator: ", ")) is in it; "
                + "give the folder that holds them, each with a dataset.json"
        }
    }
}
