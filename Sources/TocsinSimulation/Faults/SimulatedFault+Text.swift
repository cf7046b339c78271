extension SimulatedFault: CustomStringConvertible {
    /// The fault as text, `kind:device[.channel[/channel]]@start+duration[*strength]`.
    ///
    /// ``init(parsing:)`` makes the same fault of it.
    public var description: String {
        let place = channels.isEmpty ? "" : "." + channels.joined(separator: "/")
        let badness = kind.strengths == nil && strength == 0 ? "" : "*\(strength)"
        return "\(kind.rawValue):\(device)\(place)@\(start.spanText)+\(duration.spanText)\(badness)"
    }

    /// Reads a fault from text, such as `offset:pump-1.pressure@2d3h+45m*0.3`.
    ///
    /// Start and duration are spans such as `90s`, `45m` and `2d3h`; the start counts from the start
    /// of the simulation.
    public init(parsing text: String) throws(SimulationError) {
        let form = "kind:device[.channel]@start+duration[*strength]"
        let (name, afterKind) = text.parted(at: ":")
        guard let kind = SimulatedFaultKind(rawValue: name) else {
            let known = SimulatedFaultKind.allCases.map(\.rawValue)
            throw SimulationError(text, .unknown("fault kind", name, known: known))
        }
        guard let afterKind, !afterKind.isEmpty else {
            throw SimulationError(text, .malformed("device", "", expected: form))
        }
        let (target, when) = afterKind.parted(at: "@")
        guard let when else {
            throw SimulationError(text, .malformed("'@start'", "", expected: form))
        }
        let (start, afterStart) = when.parted(at: "+")
        guard let afterStart else {
            throw SimulationError(text, .malformed("'+duration'", "", expected: form))
        }
        let (length, strength) = afterStart.parted(at: "*")
        let (device, channels) = target.parted(at: ".")
        self.init(
            kind,
            device: device,
            channels: (channels ?? "").split(separator: "/").map(String.init),
            start: try span(start, "start", in: text),
            duration: try span(length, "duration", in: text)
        )
        if let strength {
            guard let number = Double(strength) else {
                throw SimulationError(
                    text,
                    .malformed("strength", strength, expected: "a number, such as 0.3")
                )
            }
            self.strength = number
            if kind.strengths == nil {
                throw SimulationError(text, .outOfRange("strength", expected: "none"))
            }
        }
        do {
            try check()
        } catch {
            throw SimulationError(text, error.problem)  // in the user's words, not in ours
        }
    }
}

private func span(
    _ found: String,
    _ part: String,
    in text: String
) throws(SimulationError) -> Duration {
    guard let span = Duration(span: found) else {
        throw SimulationError(
            text,
            .malformed(part, found, expected: "a span, such as 90s, 45m or 2d3h")
        )
    }
    return span
}

extension String {
    /// What stands before and after the first `separator`; `nil` after it if there is none.
    fileprivate func parted(at separator: Character) -> (String, String?) {
        guard let place = firstIndex(of: separator) else { return (self, nil) }
        return (String(self[..<place]), String(self[index(after: place)...]))
    }
}
