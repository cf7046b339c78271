// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// Tests may poke at sockets and fixtures; sources may not.
let safe: [SwiftSetting] = settings + [.strictMemorySafety()]

/// The kernels are unusable without the optimiser, and a debug build is what the tests run.
///
/// Loops begin at cache lines, because such a loop is faster while a neighbour has the core's other
/// half.
let optimised: [CSetting] = [
    .unsafeFlags(["-O3"], .when(configuration: .debug)),
    .unsafeFlags(["-falign-loops=64"]),
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
    name: "tocsin",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CMosquitto",
            pkgConfig: "libmosquitto",
            providers: [.apt(["libmosquitto-dev"])]
        ),
        .systemLibrary(
            name: "CSystemd",
            pkgConfig: "libsystemd",
            providers: [.apt(["libsystemd-dev"])]
        ),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CYaml",
            pkgConfig: "yaml-0.1",
            providers: [.apt(["libyaml-dev"])]
        ),
        .systemLibrary(name: "CLinux"),
        .target(name: "CTocsinKernels", cSettings: optimised),
        .target(name: "CAllocationCounter"),

        .target(name: "TocsinNN", dependencies: ["CTocsinKernels"], swiftSettings: safe),
        .target(name: "TocsinCore", dependencies: ["TocsinNN"], swiftSettings: safe),
        .target(
            name: "TocsinTraining",
            dependencies: ["TocsinCore", "TocsinNN", "TocsinThreads"],
            swiftSettings: safe
        ),
        .target(name: "TocsinSimulation", dependencies: ["TocsinCore"], swiftSettings: safe),
        .target(name: "TocsinThreads", dependencies: ["CLinux"], swiftSettings: safe),
        .target(
            name: "TocsinMQTT",
            dependencies: ["CMosquitto", "CLinux", "TocsinThreads"],
            swiftSettings: safe
        ),
        .target(
            name: "TocsinSystemd",
            dependencies: ["CSystemd", "CLinux", "TocsinThreads", logging],
            swiftSettings: safe
        ),
        .target(name: "TocsinFiles", dependencies: ["CYaml", "CZlib"], swiftSettings: safe),
        .target(
            name: "TocsinDaemon",
            dependencies: [
                "CLinux", "CTocsinKernels", "TocsinCore", "TocsinFiles", "TocsinMQTT", "TocsinNN",
                "TocsinSystemd", "TocsinThreads", logging,
            ],
            swiftSettings: safe
        ),
        .target(
            name: "TocsinEvaluation",
            dependencies: [
                "TocsinCore", "TocsinDaemon", "TocsinFiles", "TocsinNN", "TocsinThreads",
                "TocsinTraining",
            ],
            swiftSettings: safe
        ),
        .executableTarget(
            name: "tocsin",
            dependencies: [
                "TocsinCore", "TocsinDaemon", "TocsinEvaluation", "TocsinFiles",
                "TocsinSimulation", "TocsinTraining", "TocsinNN", "TocsinMQTT", "TocsinSystemd",
                "TocsinThreads", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: safe
        ),
        .executableTarget(
            name: "tocsin-bench",
            dependencies: [
                "CAllocationCounter", "CMosquitto", "TocsinCore", "TocsinDaemon",
                "TocsinEvaluation", "TocsinFiles", "TocsinNN", "TocsinThreads", "TocsinTraining",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),

        .target(
            name: "TocsinTestSupport",
            dependencies: ["CLinux", "TocsinMQTT"],
            path: "Tests/Support",
            swiftSettings: settings
        ),
        // What tests of numbers share; no library is linked for it.
        .target(name: "TocsinTestNumbers", path: "Tests/Numbers", swiftSettings: settings),
        .testTarget(
            name: "TocsinNNTests",
            dependencies: ["TocsinTestNumbers", "TocsinNN", "CAllocationCounter"],
            resources: [.copy("Fixtures")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TocsinCoreTests",
            dependencies: ["TocsinTestNumbers", "TocsinCore", "TocsinNN", "CAllocationCounter"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TocsinTrainingTests",
            dependencies: ["TocsinTestNumbers", "TocsinTraining", "TocsinCore", "TocsinNN"],
            resources: [.copy("Fixtures")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TocsinFilesTests",
            dependencies: ["TocsinFiles"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TocsinSimulationTests",
            dependencies: ["TocsinSimulation", "TocsinCore"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TocsinMQTTTests",
            dependencies: ["TocsinMQTT", "TocsinTestSupport", "CAllocationCounter"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TocsinSystemdTests",
            dependencies: ["TocsinSystemd", logging],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TocsinDaemonTests",
            dependencies: [
                "TocsinDaemon", "TocsinCore", "TocsinFiles", "TocsinMQTT", "TocsinNN",
                "TocsinSimulation", "TocsinTraining", "TocsinTestSupport", logging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TocsinEvaluationTests",
            dependencies: [
                "TocsinEvaluation", "TocsinCore", "TocsinFiles", "TocsinTestNumbers",
                "TocsinTestSupport", "TocsinTraining",
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TocsinCommandTests",
            dependencies: ["TocsinCore", "TocsinFiles", "TocsinMQTT", "TocsinTestSupport"],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)

// Fuzz/run sets this: nobody else pays for building what nobody else can link.
if Context.environment["TOCSIN_FUZZ"] != nil {
    package.targets += [
        .target(name: "CLibFuzzer", path: "Fuzz/CLibFuzzer"),
        .executableTarget(
            name: "tocsin-fuzz",
            dependencies: [
                "CLibFuzzer", "CMosquitto", "TocsinCore", "TocsinDaemon", "TocsinFiles",
                "TocsinMQTT", "TocsinNN",
            ],
            path: "Fuzz/Sources",
            swiftSettings: settings
        ),
    ]
}
