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
    /// The table with its title and its note.
    var titledHTML: String {
        let told = note.isEmpty ? "" : "<p class=\"note\">\(note.escapedForHTML)</p>\n"
        return "<h2>\(title.escapedForHTML)</h2>\n\(told)\(html)"
    }

    /// The table alone; it scrolls where it is too wide.
    var html: String {
        func line(_ cells: [String], _ tag: String) -> String {
            let row = cells.enumerated().map { i, cell in
                "<\(tag)\(i < names ? " class=\"name\"" : "")>\(cell.escapedForHTML)</\(tag)>"
            }
            return "<tr>\(row.joined())</tr>"
        }
        let body = rows.map { line($0, "td") }
        return """
            <div class="wide"><table>
            <thead>\(line(headings, "th"))</thead>
            <tbody>\(body.joined(separator: "\n"))</tbody>
            </table></div>

            """
    }
}
