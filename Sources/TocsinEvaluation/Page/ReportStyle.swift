/// How a report looks: light or dark as the reader's system is, light on paper.
///
/// The colours are those of Okabe and Ito 2008, "Color universal design", which readers with any of the
/// usual deficiencies can tell apart; the darker or lighter of a pair where contrast needs it.
enum ReportStyle {
    static let css = """
        :root { color-scheme: light dark; }
        body { --page: #fff; --ink: #1c1c1c; --faint: #5f6368; --grid: #e3e5e8; --rule: #9aa0a6;
          --score: #0072b2; --event: #e69f00; --alert: #b84a00; --drift: #8e3a70;
          --fault: #1c1c1c; --stripe: #f6f7f8;
          background: var(--page); color: var(--ink); margin: 0 auto; max-width: 78rem;
          padding: 1.5rem; font: 15px/1.45 system-ui, sans-serif; }
        @media (prefers-color-scheme: dark) {
          body { --page: #16191d; --ink: #e8eaed; --faint: #a2a8ae; --grid: #2b3036; --rule: #6b7278;
            --score: #56b4e9; --event: #e69f00; --alert: #ff8f4d; --drift: #e39bc6;
            --fault: #e8eaed; --stripe: #1d2126; } }
        h1 { font-size: 1.5rem; margin: 0 0 .3rem; }
        h2 { font-size: 1.15rem; margin: 2.2rem 0 .3rem; }
        h3 { font-size: 1rem; margin: 1.8rem 0 .1rem; overflow-wrap: anywhere; }
        p { margin: .2rem 0 .6rem; }
        .note, .figures { color: var(--faint); font-size: .87rem; max-width: 62rem; }
        .figures { max-width: none; font-variant-numeric: tabular-nums; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; font-size: .8rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .18rem .5rem; text-align: right; white-space: nowrap; }
        th.name, td.name { text-align: left; }
        thead th { border-bottom: 1px solid var(--rule); font-weight: 600; }
        tbody tr:nth-child(even) { background: var(--stripe); }
        details { margin: .1rem 0 1rem; } summary { cursor: pointer; font-size: .87rem; }
        figure { margin: 0; break-inside: avoid; }
        svg { display: block; width: 100%; height: auto; }
        svg.key { display: inline-block; width: 26px; height: 14px; vertical-align: -2px;
          margin: 0 .3rem 0 1.1rem; }
        .legend { font-size: .87rem; } .legend svg:first-child { margin-left: 0; }
        text { font: 11px system-ui, sans-serif; fill: var(--faint); }
        text.one { fill: var(--ink); font-weight: 600; }
        .grid { stroke: var(--grid); fill: none; } .axis { stroke: var(--rule); fill: none; }
        .boundary { stroke: var(--ink); stroke-dasharray: 5 4; fill: none; opacity: .75; }
        .score { stroke: var(--score); stroke-width: 1.2; fill: none; stroke-linejoin: round;
          stroke-linecap: round; }
        .event { fill: var(--event); opacity: .3; } .found { fill: var(--event); }
        .missed { fill: none; stroke: var(--event); stroke-width: 1.6; } .alert { fill: var(--alert); }
        .drift { fill: var(--drift); } .fault { fill: var(--fault); }
        @page { size: A4 landscape; margin: 12mm; }
        @media print {
          body { --page: #fff; --ink: #000; --faint: #333; --grid: #ddd; --rule: #777;
            --score: #0072b2; --event: #e69f00; --alert: #b84a00; --drift: #8e3a70; --fault: #000;
            --stripe: #f3f3f3; padding: 0; max-width: none; font-size: 11px; color-scheme: light; }
          svg, tr { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          .wide { overflow: visible; } table { font-size: 7.5px; } th, td { padding: .1rem .3rem; }
          h3, tr { break-inside: avoid; break-after: auto; } h2, h3 { break-after: avoid; } }
        """

    /// What the shapes of the plots mean.
    static let legend = """
        <p class="legend">
        <svg class="key" viewBox="0 0 26 14"><path class="score" fill="none" d="M1 10L8 11L13 3L18 9L25 8"/></svg>\
        score
        <svg class="key" viewBox="0 0 26 14"><path class="boundary" d="M0 7H26"/></svg>\
        1, where it rings
        <svg class="key" viewBox="0 0 26 14"><rect class="event" width="26" height="14"/>\
        <rect class="found" y="3" width="26" height="9"/></svg>\
        labelled event, found
        <svg class="key" viewBox="0 0 26 14"><rect class="event" width="26" height="14"/>\
        <rect class="missed" x="1" y="3" width="24" height="9"/></svg>\
        missed
        <svg class="key" viewBox="0 0 26 14"><rect class="alert" y="3" width="26" height="9"/></svg>\
        alert raised
        <svg class="key" viewBox="0 0 26 14"><path class="drift" d="M13 2l5 9h-10z"/></svg>\
        drift raised
        <svg class="key" viewBox="0 0 26 14"><path class="fault" d="M13 2l4 5l-4 5l-4 -5z"/></svg>\
        sensor fault raised
        </p>
        <p class="note">Each pixel column shows its lowest and highest score; the axis is logarithmic in \
        1 + score. A gap in the curve: no score, while warming up or without values. Point at a band, \
        bar or mark to read what it is.</p>

        """
}
