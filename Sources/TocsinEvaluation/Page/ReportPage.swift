import TocsinCore
import TocsinDaemon
import TocsinTraining

/// A report as one page that needs nothing else: HTML with its style and its drawings in it, no script,
/// nothing from the network.
public struct ReportPage: Sendable {
    private let title: String
    private let lead: String
    private let tables: [FigureTable]
    private let series: [EvaluationResult]

    /// A page.
    ///
    /// - Parameters:
    ///   - lead: a sentence below the title
    ///   - series: what is plotted: those that hold a series
    init(title: String, lead: String, tables: [FigureTable], series: [EvaluationResult]) {
        self.title = title
        self.lead = lead
        self.tables = tables
        self.series = series.filter { $0.series != nil }
    }

    /// A page about a model on labelled tables.
    public init(of results: [EvaluationResult], model: String) {
        self.init(
            title: "How well it rings",
            lead:
                "Model \(model.lastComponent), on \(results.count(where: \.isModel)) labelled series.",
            tables: [EvaluationTable.table(results)],
            series: results
        )
    }

    /// The page, UTF-8.
    public var bytes: [UInt8] {
        let body =
            tables.map(\.titledHTML).joined() + "<h2>Series</h2>\n" + ReportStyle.legend
            + series.map(section).joined()
        return Array(
            """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="generator" content="tocsin \(tocsinVersion.escapedForHTML)">
            <title>\(title.escapedForHTML)</title>
            <style>
            \(ReportStyle.css)
            </style></head><body>
            <h1>\(title.escapedForHTML)</h1>
            <p>\(lead.escapedForHTML)</p>
            \(body)</body></html>

            """.utf8
        )
    }

    /// One series: its figures in a line, its plot, its alerts.
    private func section(_ result: EvaluationResult) -> String {
        guard let series = result.series, let plot = ScorePlot(series, name: result.device),
            let first = series.times.min(), let last = series.times.max()
        else { return "" }
        let alarms = result.evaluation.alarms
        let figures = [
            result.file.lastComponent,
            "\(first.minute) to \(last.minute) UTC, \(result.evaluation.rows) rows",
            "VUS-PR \(fixed(result.evaluation.volume, 3))",
            "AP \(fixed(result.evaluation.averagePrecision, 3)), "
                + "\(percent(result.evaluation.labelledShare)) labelled",
            "\(alarms.found) of \(alarms.events) events found",
            "\(alarms.falseAlarms) of \(alarms.alarms) alarms false",
            "\(percent(alarms.normalShareInAlarm)) of normal rows in alarm",
            "\(result.evaluation.driftAlerts) drift alerts",
        ]
        return """
            <figure><h3><bdi>\(result.device.escapedForHTML)</bdi></h3>
            <p class="figures">\(figures.joined(separator: " · ").escapedForHTML)</p>
            \(plot.svg)</figure>
            \(list(series))
            """
    }

    /// How many alerts of a series are listed.
    private static let mostListed = 300

    /// The alerts, folded away.
    private func list(_ series: ScoredSeries) -> String {
        guard !series.alerts.isEmpty else { return "" }
        var table = FigureTable(
            title: "Alerts",
            headings: ["KIND", "RAISED", "CLEARED", "LASTED", "CHANNELS"],
            names: 5
        )
        table.rows = series.alerts.prefix(Self.mostListed).map { alert in
            [
                alert.kind.name, alert.raised.minute, alert.cleared?.minute ?? "still raised",
                alert.cleared.map { ($0 - alert.raised).readable } ?? "-",
                alert.channels.joined(separator: ", "),
            ]
        }
        let more = series.alerts.count - table.rows.count
        let rest = more > 0 ? "<p class=\"note\">and \(more) more</p>" : ""
        return """
            <details><summary>\(series.alerts.count) alerts of all kinds</summary>
            \(table.html)\(rest)</details>

            """
    }
}

extension String {
    /// A path's last component: a page is passed on, and the folders of its maker mean nothing there.
    fileprivate var lastComponent: String { split(separator: "/").last.map(String.init) ?? self }
}

extension Detection {
    /// The tables, and a plot of each series.
    public var page: ReportPage {
        let named = outcomes.flatMap { outcome in
            outcome.results.filter(\.isModel).map { result in
                var result = result
                result.device = outcome.entity.id
                return result
            }
        }
        return ReportPage(
            title: "How well tocsin rings on labelled sets",
            lead: "A model per series, trained on its own healthy rows; \(named.count) series.",
            tables: tables,
            series: named
        )
    }
}
