/// The name that differs from `name` in the fewest letters, if that is less than half of them.
public func nearestName(to name: String, among known: [String]) -> String? {
    let distances = known.map { ($0, editDistance(Array(name), Array($0))) }
    guard let (nearest, distance) = distances.min(by: { $0.1 < $1.1 }) else { return nil }
    return 2 * distance < max(name.count, 2) ? nearest : nil
}

/// How many letters must be put in, taken out or changed to make `b` of `a`.
///
/// Source: Wagner and Fischer 1974.
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    var row = Array(0...b.count)
    for (i, letter) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, other) in b.enumerated() {
            let changed = diagonal + (letter == other ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(changed, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[b.count]
}
