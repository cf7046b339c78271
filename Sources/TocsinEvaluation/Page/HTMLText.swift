extension String {
    /// The text as it may stand in HTML or SVG, between tags and within quoted attributes.
    ///
    /// Control characters, which neither may hold, become U+FFFD.
    var escapedForHTML: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            case "\t", "\n": text.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": text += "\u{FFFD}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension FigureTable {
    /// The table with its title and its note; it scrolls where it is too wide.
    var html: String {
        let head = headings.map { "<th scope=\"col\">\($0.escapedForHTML)</th>" }.joined()
        let body = rows.map { cells in
            let row = cells.enumerated().map { i, cell in
                let name = i < names ? " class=\"name\"" : ""
                return "<td\(name)>\(cell.escapedForHTML)</td>"
            }
            return "<tr>\(row.joined())</tr>"
        }
        let told = note.isEmpty ? "" : "<p class=\"note\">\(note.escapedForHTML)</p>\n"
        return """
            <h2>\(title.escapedForHTML)</h2>
            \(told)<div class="wide"><table>
            <thead><tr>\(head)</tr></thead>
            <tbody>\(body.joined(separator: "\n"))</tbody>
            </table></div>

            """
    }
}
