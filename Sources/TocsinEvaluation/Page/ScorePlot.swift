import TocsinCore
import TocsinTraining

/// A series as a drawing: its score over time, labelled events as bands, alerts below as bars and marks.
///
/// SVG (W3C, "Scalable Vector Graphics 1.1") that takes its colours from the page's style, and has its own
/// where a reader leaves that out. What is told by colour is told by shape and place, too. Each band, bar
/// and mark says what it is when it is pointed at.
struct ScorePlot {
    private let series: ScoredSeries
    private let name: String
    private let time: TimeAxis
    private let score: ScoreAxis

    // In pixels of a drawing that is scaled to the page.
    private static let left = 52
    private static let width = 936
    private static let top = 8
    private static let height = 168
    private static let eventLane = 182
    private static let alertLane = 196
    private static let driftLane = 210
    private static let bottom = 223

    /// A plot; `nil` for a series without rows.
    init?(_ series: ScoredSeries, name: String) {
        guard let time = TimeAxis(series.times, width: Self.width) else { return nil }
        self.series = series
        self.name = name
        self.time = time
        score = ScoreAxis(series.scores, height: Double(Self.height))
    }

    /// The drawing.
    var svg: String {
        let label = "Anomaly score of \(name) over time".escapedForHTML
        return """
            <svg class="plot" viewBox="0 0 1000 242" role="img" aria-label="\(label)">
            <title>\(label)</title>
            \(grid)<g fill="#e69f00">\(events)</g>\(curve)<g fill="#b84a00">\(alarms)</g>\
            <g fill="#8e3a70">\(marks)</g>\(frame)</svg>

            """
    }

    private func x(_ time: Timestamp) -> Double { Double(Self.left) + self.time.position(time) }

    private func y(_ score: Double) -> Double { Double(Self.top) + self.score.position(score) }

    /// Labelled events: bands behind everything, and below them bars that are hollow if no alert
    /// stood over the event.
    private var events: String {
        LabelledEvents.ranges(series.isLabelled).map { event in
            let first = series.times[event.lowerBound]
            let last = series.times[min(event.upperBound, series.times.count - 1)]
            let isFound = event.contains { series.isAlarm[$0] }
            let title =
                "labelled event, \(event.count) rows from \(first.minute), "
                + (isFound ? "found" : "missed")
            let lane =
                isFound
                ? "class=\"found\"" : "class=\"missed\" fill=\"none\" stroke=\"#e69f00\""
            let places = [
                ("class=\"event\" opacity=\".3\"", Self.top, Self.height),
                (lane, Self.eventLane, 9),
            ]
            return places.map { style, y, height in
                bar(style, from: first, until: max(first, last), y: y, height: height, title)
            }.joined()
        }.joined()
    }

    private var alarms: String {
        series.alerts.filter { $0.kind == .anomaly }.map { alert in
            bar(
                "class=\"alert\"",
                from: alert.raised,
                until: alert.cleared ?? time.end,
                y: Self.alertLane,
                height: 9,
                "alert raised \(alert.raised.minute)\(alert.suspects)"
            )
        }.joined()
    }

    private func bar(
        _ style: String,
        from: Timestamp,
        until: Timestamp,
        y: Int,
        height: Int,
        _ title: String
    ) -> String {
        let start = x(from)
        // What is too short to be seen is drawn two pixels wide.
        let width = max(x(until) - start, 2)
        return
            "<rect \(style) x=\"\(short(start))\" y=\"\(y)\" width=\"\(short(width))\" "
            + "height=\"\(height)\"><title>\(title.escapedForHTML)</title></rect>\n"
    }

    /// Drift alerts as triangles, fault alerts as diamonds.
    private var marks: String {
        series.alerts.map { alert in
            let shape: String
            switch alert.kind {
            case .drift: shape = "l5 9h-10z"
            case .fault: shape = "l4 5l-4 5l-4 -5z"
            case .anomaly, .silence: return ""
            }
            let title = "\(alert.kind.name) raised \(alert.raised.minute)\(alert.suspects)"
            return "<path class=\"\(alert.kind.name)\" d=\"M\(short(x(alert.raised))) "
                + "\(Self.driftLane)\(shape)\"><title>\(title.escapedForHTML)</title></path>\n"
        }.joined()
    }

    private var curve: String {
        let positions = series.times.map { Int(time.position($0)) }
        let columns = PixelColumns(positions: positions, values: series.scores)
        let path = columns.runs.map { run in
            var points: [String] = []
            for column in run {
                for value in column.values {
                    points.append("\(column.x + Self.left) \(short(y(value)))")
                }
            }
            // A single point has no length, and is seen by its round cap.
            let end = points.count == 1 ? "h.1" : ""
            return "M" + points.joined(separator: "L") + end
        }
        return "<path class=\"score\" fill=\"none\" stroke=\"#0072b2\" d=\"\(path.joined())\"/>\n"
    }

    /// Lines across and down, with their labels; the boundary is dashed.
    private var grid: String {
        let right = Self.left + Self.width
        var text = ""
        for tick in score.ticks {
            let height = short(y(tick))
            let style = tick == 1 ? "boundary" : "grid"
            text +=
                "<path class=\"\(style)\" stroke=\"\(tick == 1 ? "#000" : "#ddd")\" "
                + "d=\"M\(Self.left) \(height)H\(right)\"/>"
                + "<text class=\"\(tick == 1 ? "one" : "tick")\" x=\"\(Self.left - 6)\" "
                + "y=\"\(height)\" dy=\"4\" text-anchor=\"end\">\(fixed(tick, 0))</text>\n"
        }
        for (time, label) in time.ticks {
            let place = short(x(time))
            text +=
                "<path class=\"grid\" stroke=\"#ddd\" d=\"M\(place) \(Self.top)V\(Self.bottom)\"/>"
                + "<text class=\"tick\" x=\"\(place)\" y=\"\(Self.bottom + 14)\" "
                + "text-anchor=\"\(anchor(x(time)))\">\(label)</text>\n"
        }
        return text
    }

    /// Labels at either end stay within the drawing.
    private func anchor(_ place: Double) -> String {
        let inside = place - Double(Self.left)
        if inside < 30 { return "start" }
        return inside > Double(Self.width) - 30 ? "end" : "middle"
    }

    private var frame: String {
        let right = Self.left + Self.width
        let middle = Self.top + Self.height / 2
        return """
            <path class="axis" fill="none" stroke="#999" d="M\(Self.left) \(Self.top)V\(Self.bottom)H\(right)"/>
            <text class="name" transform="translate(12 \(middle)) rotate(-90)" \
            text-anchor="middle">score</text>
            <text class="name" x="\(Self.left - 6)" y="\(Self.eventLane + 8)" \
            text-anchor="end">events</text>
            <text class="name" x="\(Self.left - 6)" y="\(Self.alertLane + 8)" \
            text-anchor="end">alerts</text>
            <text class="name" x="\(Self.left - 6)" y="\(Self.driftLane + 8)" \
            text-anchor="end">drift</text>
            <text class="name" x="\(Self.left - 6)" y="\(Self.bottom + 14)" \
            text-anchor="end">UTC</text>

            """
    }
}

extension AlertRecord {
    /// Whom it blames, as the end of a sentence.
    fileprivate var suspects: String {
        channels.isEmpty ? "" : ": \(channels.joined(separator: ", "))"
    }
}

/// A coordinate with one decimal, which is more than a screen shows.
private func short(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
}
