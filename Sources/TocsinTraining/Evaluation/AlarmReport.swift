/// What alarms were worth to whoever had to answer them: events found, false alarms, delay.
///
/// Counted as they rang, never point-adjusted: a found event earns nothing for the rows that it was
/// not found in, for with that a random score reaches an F1 of 0.8 to 1.0 on common sets
/// (Kim et al. 2022, arXiv:2109.05257).
public struct AlarmReport: Sendable, Equatable {
    /// Labelled events.
    public var events = 0
    /// Events with a row in alarm; the alarm may have begun before.
    public var found = 0
    /// Events inside which an alarm began.
    public var begunInside = 0
    /// Alarms; those with at most ``joinedWithin`` rows between them are one.
    public var alarms = 0
    /// Alarms without a labelled row: the fewest that were false.
    public var falseAlarms = 0
    /// Alarms that began outside events, even if they lasted into one: the most that were false.
    public var begunOutside = 0
    /// Rows outside events.
    public var normalRows = 0
    /// Of those, rows in alarm.
    public var normalRowsInAlarm = 0
    /// Observed time outside events, in days.
    public var normalDays = 0.0
    /// Rows from the beginning of each found event to its first row in alarm, `[found]`, rising.
    public var delays: [Int] = []

    /// Rows between two alarms up to which they are one.
    public static let joinedWithin = 20

    /// A report on one series.
    ///
    /// - Parameters:
    ///   - isAlarm: whether an alert is raised after a row, `[rows]`
    ///   - isLabelled: whether a row belongs to an event, `[rows]`
    ///   - days: observed time that each row stands for, in days, `[rows]`
    public init(isAlarm: [Bool], isLabelled: [Bool], days: [Double]) {
        precondition(isAlarm.count == isLabelled.count && days.count == isLabelled.count)
        let rung = LabelledEvents.ranges(isAlarm)
        let joined = LabelledEvents.joined(rung, within: Self.joinedWithin)
        let labelled = LabelledEvents.ranges(isLabelled)
        events = labelled.count
        alarms = joined.count
        falseAlarms = joined.count { !isLabelled[$0].contains(true) }
        begunOutside = joined.count { !isLabelled[$0.lowerBound] }
        for event in labelled {
            if rung.contains(where: { event.contains($0.lowerBound) }) { begunInside += 1 }
            if let first = event.first(where: { isAlarm[$0] }) {
                found += 1
                delays.append(first - event.lowerBound)
            }
        }
        delays.sort()
        for i in isLabelled.indices where !isLabelled[i] {
            normalRows += 1
            normalDays += days[i]
            if isAlarm[i] { normalRowsInAlarm += 1 }
        }
    }

    /// The share of events with a row in alarm, 0 … 1; `nil` without events.
    public var eventRecall: Double? {
        events == 0 ? nil : Double(found) / Double(events)
    }

    /// The share of alarms with a labelled row, 0 … 1; `nil` without alarms.
    public var eventPrecision: Double? {
        alarms == 0 ? nil : Double(alarms - falseAlarms) / Double(alarms)
    }

    /// False alarms per 10 000 rows outside events; `nil` without such rows.
    public var falseAlarmsPerTenThousand: Double? {
        normalRows == 0 ? nil : Double(falseAlarms) / Double(normalRows) * 10_000
    }

    /// False alarms per day of observed time outside events; `nil` without such time.
    public var falseAlarmsPerDay: Double? {
        normalDays > 0 ? Double(falseAlarms) / normalDays : nil
    }

    /// The share of rows outside events that are in alarm, 0 … 1; `nil` without such rows.
    public var normalShareInAlarm: Double? {
        normalRows == 0 ? nil : Double(normalRowsInAlarm) / Double(normalRows)
    }

    /// The delay in rows within which the share `share` of the found events was found: the nearest rank,
    /// so a delay that occurred; `nil` if none was found.
    public func delay(_ share: Double) -> Int? {
        guard !delays.isEmpty else { return nil }
        let rank = Int((share * Double(delays.count)).rounded(.up))
        return delays[min(max(rank, 1), delays.count) - 1]
    }
}
