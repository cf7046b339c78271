/// Which model judges which device: the first rule that fits.
public struct ModelAssignment: Sendable {
    /// One rule.
    public struct Rule: Sendable {
        /// The stream's name; `nil` for any.
        public var stream: String?
        /// The device's name.
        public var device: DevicePattern
        /// What judges it.
        public var model: Model

        /// A rule.
        public init(stream: String? = nil, device: String = "*", model: Model) {
            self.stream = stream
            self.device = DevicePattern(device)
            self.model = model
        }
    }

    /// The rules, in order.
    public var rules: [Rule]

    /// An assignment.
    public init(_ rules: [Rule]) {
        self.rules = rules
    }

    /// The model of a device, if any rule fits.
    public func model(device: String, stream: String) -> Model? {
        rules.first { rule in
            (rule.stream == nil || rule.stream == stream)
                && rule.device.matches(device)
        }?.model
    }
}
