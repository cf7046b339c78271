import CMosquitto

// What is set once, before the first connect.

extension MosquittoHandle {
    func configure(_ options: MQTTClient.Options) throws(MQTTError) {
        try setOption(MOSQ_OPT_TCP_NODELAY, 1)
        try setOption(MOSQ_OPT_RECEIVE_MAXIMUM, Int32(clamping: options.receiveMaximum))
        try setOption(MOSQ_OPT_SEND_MAXIMUM, Int32(clamping: options.sendMaximum))
        if let username = options.username {
            try unsafe check(
                mosquitto_username_pw_set(pointer, username, options.password),
                "mosquitto_username_pw_set"
            )
        }
        if let will = options.will {
            try unsafe check(
                mosquitto_will_set(
                    pointer,
                    will.topic,
                    Int32(clamping: will.payload.count),
                    will.payload,
                    will.qos.rawValue,
                    will.isRetained
                ),
                "mosquitto_will_set"
            )
        }
        switch options.security {
        case .certificates(let certificates): try configure(certificates)
        case .preSharedKey(let key, let identity, let minimumVersion):
            try unsafe check(
                mosquitto_tls_psk_set(pointer, key, identity, nil),
                "mosquitto_tls_psk_set"
            )
            try setMinimumVersion(minimumVersion)
        case nil: break
        }
    }

    private func configure(_ certificates: MQTTClient.Options.Certificates) throws(MQTTError) {
        let (file, directory): (String?, String?) =
            switch certificates.authorities {
            case .system: (nil, "/etc/ssl/certs")
            case .file(let path): (path, nil)
            case .directory(let path): (nil, path)
            }
        // Without this callback OpenSSL would ask for a passphrase on the terminal.
        try unsafe check(
            mosquitto_tls_set(pointer, file, directory, certificates.certificate, certificates.key)
            {
                _,
                _,
                _,
                _ in 0
            },
            "mosquitto_tls_set"
        )
        // The library's own minimum is TLS 1.1.
        try setMinimumVersion(certificates.minimumVersion)
        if certificates.acceptsAnyServerName {
            try unsafe check(
                mosquitto_tls_insecure_set(pointer, true),
                "mosquitto_tls_insecure_set"
            )
        }
    }

    private func setMinimumVersion(_ version: String) throws(MQTTError) {
        let verifyPeer: Int32 = 1
        try unsafe check(
            mosquitto_tls_opts_set(pointer, verifyPeer, version, nil),
            "mosquitto_tls_opts_set"
        )
    }

    private func setOption(_ option: mosq_opt_t, _ value: Int32) throws(MQTTError) {
        try unsafe check(mosquitto_int_option(pointer, option, value), "mosquitto_int_option")
    }
}
