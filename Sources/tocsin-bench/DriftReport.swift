import TocsinCore

/// Gathers runs, and says what share of the drift was seen.
struct DriftReport {
    private var runs: [(name: String, injection: DriftInjection, run: DriftRun)] = []

    /// Takes in the runs of one recording, and prints its line.
    mutating func add(_ name: String, _ new: [(injection: DriftInjection, run: DriftRun)]) {
        runs += new.map { (name, $0.injection, $0.run) }
        let quiet = new.first { $0.injection == .none }?.run
        let ratios = (quiet?.largest ?? []).map { fixed($0, 2) }.joined(separator: " ")
        let seen = new.filter { $0.injection.isDrift && $0.run.isSeen }
        let missed = new.filter { $0.injection.isDrift && !$0.run.isSeen }
        let isFalse = quiet?.alert != nil
        print(
            "\(name): clean \(isFalse ? "RANG by \(quiet?.cause?.name ?? "-")" : "quiet")"
                + ", largest ratios \(ratios); seen \(seen.count) of \(seen.count + missed.count)"
                + (missed.isEmpty
                    ? "" : ", missed " + missed.map(\.injection.rawValue).joined(separator: ", "))
        )
    }

    /// Prints one line per kind of drift, and what the whole comes to.
    func printSummary() {
        print("")
        print(row(["", "seen %", "delay", "residual", "norm", "place", "speed", "state", "named"]))
        for injection in DriftInjection.allCases {
            let these = runs.filter { $0.injection == injection }.map(\.run)
            guard !these.isEmpty else { continue }
            print(line(injection.rawValue, these))
        }
        let drifts = runs.filter { $0.injection.isDrift && $0.injection != .speedOfRows }
        print(line("all but speed of rows", drifts.map(\.run)))
        // Where it rings by itself, nobody knows what it would have seen.
        let loud = runs.filter { $0.injection == .none && $0.run.alert != nil }.map(\.name)
        let quiet = drifts.filter { !loud.contains($0.name) }.map(\.run)
        print(line("on quiet stretches", quiet))
        let clean = runs.filter { $0.injection == .none }.map(\.run)
        let burst = runs.filter { $0.injection == .burst }.map(\.run)
        print("")
        print("false runs: \(clean.count { $0.alert != nil }) of \(clean.count) clean stretches")
        for cause in DriftCause.allCases {
            let count = clean.count { $0.causes[cause.rawValue] != nil }
            print("    by the \(cause.name) alone: \(count)")
        }
        let bursts = zip(clean, burst).count { $0.alert == nil && $1.alert != nil }
        print("bursts that rang drift: \(bursts) of \(burst.count)")
        for kind in [DriftInjection.speed, .speedOfRows] {
            let these = runs.filter { $0.injection == kind }.map(\.run)
            let unseen = these.filter { !$0.isSeen(by: .residual) }
            let told = unseen.count { $0.isSeenByState }
            print(
                "\(kind.rawValue): the residual misses \(unseen.count) of \(these.count); "
                    + "of these the hidden state tells \(told)"
            )
        }
        let faults = clean.flatMap(\.faults)
        let causes = FaultCause.allCases.filter { faults.contains($0) }
            .map { cause in "\(faults.count { $0 == cause }) \(cause.name)" }
        print(
            "fault alerts on clean stretches: \(faults.count)"
                + (causes.isEmpty ? "" : ", " + causes.joined(separator: ", "))
        )
    }

    /// Share seen, median delay in rows, share that each cause alone sees, the state's causes
    /// together, and the share of alerts by each cause.
    private func line(_ name: String, _ these: [DriftRun]) -> String {
        func share(_ isCounted: (DriftRun) -> Bool) -> String {
            fixed(100 * Double(these.count(where: isCounted)) / Double(max(these.count, 1)), 0)
        }
        let delays = these.filter(\.isSeen).compactMap(\.alert).sorted()
        let named = DriftCause.allCases.map { cause in
            "\(these.count { ($0.alert ?? -1) >= 0 && $0.cause == cause })"
        }
        return row(
            [name, share(\.isSeen), delays.isEmpty ? "-" : "\(delays[delays.count / 2])"]
                + DriftCause.allCases.map { cause in share { $0.isSeen(by: cause) } }
                + [share(\.isSeenByState), named.joined(separator: "/")]
        )
    }

    private func row(_ cells: [String]) -> String {
        cells.enumerated().reduce("") { row, cell in
            let width = cell.offset == 0 ? 24 : 10
            return row + cell.element
                + String(repeating: " ", count: max(width - cell.element.count, 1))
        }
    }

    private func fixed(_ value: Double, _ digits: Int) -> String {
        let scale = digits == 0 ? 1.0 : 100.0
        let rounded = (value * scale).rounded() / scale
        return digits == 0 ? "\(Int(rounded))" : "\(rounded)"
    }
}
