import CMosquitto
import Glibc

/// A `struct mosquitto`.
///
/// The callbacks are installed here, in a nonisolated type: one written in code that belongs to an
/// actor would trap when libmosquitto calls it on another thread.
///
/// `@unchecked Sendable` because it is handed from the thread that prepares it to the network thread,
/// which is then the only one to use it.
@safe final class MosquittoHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    private let address: MQTTClient.Options.Address
    private let bindAddress: String?
    private let keepAlive: Int32
    private let sessionExpiry: UInt32?
    private let connectTimeout: Duration

    private static let isLibraryReady: Bool = mosquitto_lib_init() == MQTTError.Code.success

    init(_ options: MQTTClient.Options) throws(MQTTError) {
        guard Self.isLibraryReady else {
            throw MQTTError(MQTTError.Code.memory, in: "mosquitto_lib_init")
        }
        let clientID: String? = options.clientID.isEmpty ? nil : options.clientID
        let isCleanSession = options.sessionExpiry == nil
        guard let pointer = unsafe mosquitto_new(clientID, isCleanSession, nil) else {
            throw MQTTError(MQTTError.Code.system, in: "mosquitto_new")
        }
        unsafe self.pointer = pointer
        address = options.address
        bindAddress = options.bindAddress
        keepAlive = Int32(clamping: options.keepAlive.components.seconds)
        sessionExpiry = options.sessionExpiry.map { UInt32(clamping: $0.components.seconds) }
        connectTimeout = options.connectTimeout
        // libmosquitto finds these wrong only when it connects, again and again.
        guard keepAlive == 0 || keepAlive >= 5, options.address.isPossible else {
            throw MQTTError(MQTTError.Code.invalid, in: "mosquitto_connect_bind_v5")
        }
        installCallbacks()
        try configure(options)
    }

    deinit {
        unsafe mosquitto_destroy(pointer)
    }

    /// Names the receiver of the callbacks, which must outlive their use.
    func setReceiver(_ thread: NetworkThread) {
        unsafe mosquitto_user_data_set(pointer, Unmanaged.passUnretained(thread).toOpaque())
    }

    /// Connects, blocking but not for ever, and sends CONNECT.
    ///
    /// Also used to reconnect: `mosquitto_reconnect` would forget the session's expiry.
    func connect(_ version: MQTTVersion) throws(MQTTError) {
        let number = version == .v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311
        try unsafe check(
            mosquitto_int_option(pointer, MOSQ_OPT_PROTOCOL_VERSION, number),
            "mosquitto_int_option"
        )
        var properties: OpaquePointer?
        defer { unsafe mosquitto_property_free_all(&properties) }
        if version == .v5, let sessionExpiry {
            try unsafe check(
                mosquitto_property_add_int32(
                    &properties,
                    Int32(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue),
                    sessionExpiry
                ),
                "mosquitto_property_add_int32"
            )
        }
        let (host, port) =
            switch address {
            case .tcp(let host, let port): (host, Int32(clamping: port))
            case .unix(let path): (path, Int32(0))
            }
        errno = 0
        let result = limited(to: connectTimeout) {
            unsafe mosquitto_connect_bind_v5(
                pointer,
                host,
                port,
                keepAlive,
                bindAddress,
                properties
            )
        }
        let isInterrupted = result == MQTTError.Code.system && errno == EINTR
        try check(
            isInterrupted ? MQTTError.Code.timeout : result,
            "mosquitto_connect_bind_v5"
        )
    }

    /// The socket, or -1.
    var socket: Int32 { unsafe mosquitto_socket(pointer) }

    /// Whether something could not be written yet.
    var wantsWrite: Bool { unsafe mosquitto_want_write(pointer) }

    /// Reads about one packet; true if there was nothing more to read.
    ///
    /// libmosquitto makes the acknowledgement of a message before it calls back with it. Here it only
    /// queues what it has to send, so that an acknowledgement leaves with the next ``write()``: after
    /// the callback has returned. Whoever dies in between gets the message again.
    func read() throws(MQTTError) -> Bool {
        // Queueing is what it does for a program that says it has threads. Not so outside of reads: there
        // a message that is published leaves at once.
        _ = unsafe mosquitto_threaded_set(pointer, true)
        defer { _ = unsafe mosquitto_threaded_set(pointer, false) }
        // loop_read looks at errno after calls that did not set it.
        errno = 0
        let result = unsafe mosquitto_loop_read(pointer, 1)
        try check(result, "mosquitto_loop_read")
        return errno == EAGAIN
    }

    /// Writes what it can.
    func write() throws(MQTTError) {
        errno = 0
        try unsafe check(mosquitto_loop_write(pointer, 1), "mosquitto_loop_write")
    }

    /// Sends pings and notices their absence.
    func keepUp() throws(MQTTError) {
        errno = 0
        try unsafe check(mosquitto_loop_misc(pointer), "mosquitto_loop_misc")
    }

    /// Asks for messages; returns the packet's identifier.
    func subscribe(_ subscription: MQTTSubscription, _ version: MQTTVersion) throws(MQTTError)
        -> Int32
    {
        var identifier: Int32 = 0
        // The options share a byte with the QoS, where 3.1.1 wants zeros.
        let options = version == .v5 ? subscription.retainHandling.rawValue : 0
        try unsafe check(
            mosquitto_subscribe_v5(
                pointer,
                &identifier,
                subscription.filter,
                subscription.qos.rawValue,
                options,
                nil
            ),
            "mosquitto_subscribe_v5"
        )
        return identifier
    }

    /// Asks for no more messages; returns the packet's identifier.
    func unsubscribe(_ filter: String) throws(MQTTError) -> Int32 {
        var identifier: Int32 = 0
        try unsafe check(
            mosquitto_unsubscribe(pointer, &identifier, filter),
            "mosquitto_unsubscribe"
        )
        return identifier
    }

    /// What became of a message given to ``publish(_:_:)``.
    enum Publication {
        /// It is on its way.
        case accepted(identifier: Int32)
        case refused(MQTTError)
    }

    /// Publishes one message at QoS 1.
    func publish(_ message: OutgoingMessage, _ version: MQTTVersion) -> Publication {
        var properties: OpaquePointer?
        defer { unsafe mosquitto_property_free_all(&properties) }
        if version == .v5, let deadline = message.deadline {
            // Rounded up: the broker must not give up before we would.
            let seconds = max(1, (deadline - .now).components.seconds + 1)
            let result = unsafe mosquitto_property_add_int32(
                &properties,
                Int32(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL.rawValue),
                UInt32(clamping: seconds)
            )
            guard result == MQTTError.Code.success else {
                return .refused(MQTTError(result, in: "mosquitto_property_add_int32"))
            }
        }
        var identifier: Int32 = 0
        errno = 0
        let result = unsafe mosquitto_publish_v5(
            pointer,
            &identifier,
            message.topic,
            Int32(message.payload.count),
            message.payload,
            MQTTQoS.atLeastOnce.rawValue,
            message.isRetained,
            properties
        )
        switch result {
        case MQTTError.Code.success:
            return .accepted(identifier: identifier)
        case MQTTError.Code.notConnected, MQTTError.Code.lost, MQTTError.Code.system,
            MQTTError.Code.tls:
            // The socket broke, and the next read will say so; the message is queued already.
            return .accepted(identifier: identifier)
        default:
            return .refused(MQTTError(result, in: "mosquitto_publish_v5"))
        }
    }

    /// Publishes one message at QoS 0; false if it will not be sent.
    ///
    /// - Parameter topic: ends in a NUL
    func post(topic: Span<UInt8>, payload: Span<UInt8>) -> Bool {
        errno = 0
        return unsafe topic.withUnsafeBytes { topic in
            unsafe payload.withUnsafeBytes { payload in
                unsafe mosquitto_publish_v5(
                    pointer,
                    nil,
                    topic.baseAddress?.assumingMemoryBound(to: CChar.self),
                    Int32(payload.count),
                    payload.baseAddress,
                    MQTTQoS.atMostOnce.rawValue,
                    false,
                    nil
                )
            }
        } == MQTTError.Code.success
    }

    /// Holds back what is written until it fills segments, or lets it go.
    ///
    /// libmosquitto writes each packet by itself; held back, many of them travel together. The kernel
    /// lets go by itself after 200 ms (tcp(7)). Without effect on a local socket.
    func setCorked(_ isCorked: Bool) {
        guard socket >= 0 else { return }
        var value: Int32 = isCorked ? 1 : 0
        let size = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_CORK, &value, size)
    }

    /// Says goodbye, so that the broker does not publish the will.
    func disconnect() {
        // Fails without a connection, which is as good.
        _ = unsafe mosquitto_disconnect_v5(pointer, 0, nil)
    }

    /// Closes the socket without a word, so that the broker publishes the will.
    func abandon() {
        guard socket >= 0 else { return }
        // libmosquitto closes a socket only when it finds it broken.
        shutdown(socket, Int32(SHUT_RDWR))
        errno = 0
        _ = unsafe mosquitto_loop_read(pointer, 1)
    }
}

extension MQTTClient.Options.Address {
    fileprivate var isPossible: Bool {
        switch self {
        case .tcp(let host, let port): !host.isEmpty && (1...65_535).contains(port)
        case .unix(let path): path.hasPrefix("/")
        }
    }
}
