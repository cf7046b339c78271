/// Why a model file was refused.
public enum ModelFileError: Error, Equatable, CustomStringConvertible {
    /// The file ends before its content does.
    case truncated
    /// Its content is not what its checksum was taken of.
    case damaged
    /// It is something else; the reason says why.
    case notAModel(String)
    /// A tensor's place in the file cannot be.
    case wrongOffsets(tensor: String)
    /// A tensor's elements are of a type that this version does not read.
    case unknownType(tensor: String, type: String)
    /// A weight is not held in what the description says.
    case wrongWeights(tensor: String, type: String, described: String)
    /// A tensor is missing.
    case missingTensor(String)
    /// A tensor stands in the file that the blueprint does not know.
    case unknownTensor(String)
    /// A tensor does not have the shape that the blueprint asks for.
    case wrongShape(tensor: String, expected: [Int], found: [Int])
    /// The network cannot be built.
    case unusableNetwork(String)
    /// The description of the model is unreadable or contradicts itself.
    case unusableDescription(String)
    /// It was written by a newer version.
    case newerFormat(Int)
    /// It was written by an older version, and lacks what this one needs.
    case olderFormat(Int)
    /// It does not give the scores that it gave when it was made.
    case wrongGoldenScore(frame: Int, expected: Double, found: Double)

    /// One line, also where the file's own words are in it.
    public var description: String { text.readable }

    private var text: String {
        switch self {
        case .truncated: "the file is truncated; copy or train it again"
        case .damaged: "the file is damaged; copy or train it again"
        case .notAModel(let why): "not a tocsin model: \(why)"
        case .wrongOffsets(let tensor): "damaged: the extent of \(tensor) does not fit the file"
        case .unknownType(let tensor, let type):
            "tensor '\(tensor)' has type '\(type)'; expected F16, F32 or F64"
        case .wrongWeights(let tensor, let type, let described):
            "tensor '\(tensor)' has type '\(type)', but the description says that the weights "
                + "are '\(described)'; copy or train the model again"
        case .missingTensor(let tensor): "tensor '\(tensor)' is missing"
        case .unknownTensor(let tensor): "tensor '\(tensor)' is not part of this blueprint"
        case .wrongShape(let tensor, let expected, let found):
            "tensor '\(tensor)' has shape \(found); expected \(expected)"
        case .unusableNetwork(let why): "unusable network: \(why)"
        case .unusableDescription(let why): "unusable description: \(why)"
        case .newerFormat(let version):
            "written in format \(version) by a newer tocsin; this one reads up to "
                + "\(ModelFile.version)"
        case .olderFormat(let version):
            "written in format \(version) by an older tocsin; this one reads format "
                + "\(ModelFile.version): train it again"
        case .wrongGoldenScore(let frame, let expected, let found):
            "does not reproduce its golden sequence: frame \(frame) scores \(found), "
                + "expected \(expected); train it again"
        }
    }
}
