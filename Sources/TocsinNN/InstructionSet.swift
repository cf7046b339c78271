internal import CTocsinKernels
import Glibc

/// The forms in which the step of a network is compiled.
///
/// The best that the machine has is taken, or the one that the environment variable
/// `TOCSIN_KERNELS` names. A device's bits depend on the form, so that results of one form are
/// comparable only with those of the same.
public enum InstructionSet: String, Sendable, CaseIterable {
    /// What every machine of this architecture has.
    case generic
    /// AVX2 with fused multiply-add: vectors of 8.
    case avx2
    /// AVX-512: vectors of 16.
    case avx512

    /// The form that networks run in unless they are told otherwise.
    public static let preferred = chosen(
        unsafe getenv("TOCSIN_KERNELS").map { unsafe String(cString: $0) }
    )

    /// Whether this machine runs it.
    public var isSupported: Bool {
        tocsin_supports(kernel)
    }

    /// The forms that this machine runs, the best of them last.
    public static var supported: [InstructionSet] {
        allCases.filter(\.isSupported)
    }

    /// The form called `name`, or the best one without a name; stops if it does not run here.
    static func chosen(_ name: String?) -> InstructionSet {
        switch choice(name) {
        case .success(let set): return set
        // Not a precondition: an optimised build would stop without saying why.
        case .failure(let error): fatalError("\(error)")
        }
    }

    /// What `TOCSIN_KERNELS` asks for cannot be had.
    struct ChoiceError: Error, Equatable, CustomStringConvertible {
        let name: String

        var description: String {
            let names = supported.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            return "TOCSIN_KERNELS is '\(name)'; this machine runs \(names)"
        }
    }

    /// As ``chosen(_:)``, for a caller that wants to go on.
    static func choice(_ name: String?) -> Result<InstructionSet, ChoiceError> {
        guard let name, !name.isEmpty else {
            return .success(supported.last ?? .generic)
        }
        guard let set = InstructionSet(rawValue: name), set.isSupported else {
            return .failure(ChoiceError(name: name))
        }
        return .success(set)
    }

    /// Runs independent multiply-adds, to measure the most that the machine makes.
    ///
    /// - Returns: the number of floating-point operations, two for each multiply-add
    public func multiplyAddPeak(rounds: Int) -> Double {
        precondition(isSupported && rounds > 0)
        return tocsin_peak(kernel, rounds)
    }

    /// Runs 24 additions a round, as many at once as a core can: with a neighbour on the same core,
    /// they take longer.
    public static func additions(rounds: Int) { tocsin_additions(rounds) }

    /// The number of units that share a vector.
    var lanes: Int { tocsin_lanes(kernel) }

    /// Whether an instruction makes floats of halves; without it, weights are widened once for all.
    var convertsHalves: Bool { tocsin_converts_halves(kernel) }

    var kernel: tocsin_instruction_set {
        switch self {
        case .generic: TOCSIN_GENERIC
        case .avx2: TOCSIN_AVX2
        case .avx512: TOCSIN_AVX512
        }
    }
}
