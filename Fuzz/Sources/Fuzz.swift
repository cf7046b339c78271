import CLibFuzzer
import Glibc

/// Runs one fuzz target under libFuzzer: `tocsin-fuzz TARGET [libFuzzer's options and folders]`.
///
/// `tocsin-fuzz targets` lists them; `tocsin-fuzz seeds FOLDER` writes the inputs that only code of ours
/// can make.
@main
enum Fuzz {
    /// What ``main()`` was asked for; libFuzzer's callback carries no context.
    nonisolated(unsafe) private static var target = FuzzTarget.json

    /// libFuzzer starts this program again without its first argument, to merge and to minimise.
    private static let memory = "TOCSIN_FUZZ_TARGET"

    static func main() {
        if let name = getenv(memory), let known = FuzzTarget(rawValue: String(cString: name)) {
            target = known
            return run(CommandLine.argc, CommandLine.unsafeArgv)
        }
        let arguments = CommandLine.arguments
        if arguments.dropFirst() == ["targets"] {
            return print(FuzzTarget.allCases.map(\.rawValue).joined(separator: "\n"))
        }
        if arguments.count == 3, arguments[1] == "seeds" { return Seeds.write(to: arguments[2]) }
        guard arguments.count > 1, let chosen = FuzzTarget(rawValue: arguments[1]) else {
            print("usage: tocsin-fuzz targets | seeds FOLDER | TARGET [OPTION…] [FOLDER…]")
            exit(64)
        }
        target = chosen
        setenv(memory, chosen.rawValue, 1)
        // libFuzzer sees its own options only.
        let rest = CommandLine.unsafeArgv.advanced(by: 1)
        rest[0] = CommandLine.unsafeArgv[0]
        run(CommandLine.argc - 1, rest)
    }

    private static func run(
        _ count: Int32,
        _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    ) {
        var count = count
        var rest: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = arguments
        let code = LLVMFuzzerRunDriver(&count, &rest) { bytes, size in
            Fuzz.target.run(Array(UnsafeBufferPointer(start: bytes, count: size)))
            return 0
        }
        exit(code)
    }
}
