/// Figures in rows and columns, for a terminal or a page.
public struct FigureTable: Sendable, Equatable {
    /// What the rows are about.
    public var title: String
    /// What must be known to read it; empty for nothing.
    public var note: String
    /// The columns' names.
    public var headings: [String]
    /// The cells, `[rows][columns]`.
    public var rows: [[String]] = []
    /// How many columns hold names; the others hold numbers.
    public var names: Int

    /// A table without rows.
    public init(title: String, note: String = "", headings: [String], names: Int) {
        self.title = title
        self.note = note
        self.headings = headings
        self.names = names
    }

    /// Columns side by side: names to the left, numbers to the right.
    public var text: String {
        let all = [headings] + rows
        let widths = headings.indices.map { i in all.map { $0[i].count }.max() ?? 0 }
        return all.map { cells in
            cells.indices.map { i in
                let padding = String(repeating: " ", count: widths[i] - cells[i].count)
                return i < names ? cells[i] + padding : padding + cells[i]
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    /// The table under its title and its note.
    public var titledText: String {
        [title.uppercased(), wrappedNote, text].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// The note in lines of at most a hundred characters.
    private var wrappedNote: String {
        var lines: [String] = []
        for word in note.split(separator: " ") {
            if let last = lines.last, last.count + word.count < 100 {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines.joined(separator: "\n")
    }
}
