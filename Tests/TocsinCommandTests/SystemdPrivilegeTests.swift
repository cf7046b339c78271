import Foundation
import Testing
import TocsinTestSupport

/// What the unit lets the daemon do, and what not.
extension SystemdTests {
    @Test
    func `a credential is the password, for a user that there is only now, and for nobody else`()
        async throws
    {
        let machine = try machine
        let secret = "Quisquilien-4711"
        try await machine.begin(
            configuration: "broker: {address: 'mqtt://localhost:1884', username: tocsin}\n",
            unit: ["LoadCredential=mqtt-password:/etc/tocsin/mqtt-password"],
            hasBroker: false
        )
        try await machine.run(
            """
            set -e; umask 077
            printf %s \(secret) > /etc/tocsin/mqtt-password
            mosquitto_passwd -b -c /root/passwords tocsin \(secret)
            printf 'listener 1884\\nuser root\\npassword_file /root/passwords\\n' \\
                > /root/broker.conf
            """
        )
        try await machine.startBroker("-c /root/broker.conf", port: 1884)
        try await machine.start()
        #expect(try await machine.run("tocsin status").contains("connected"))

        let pid = try await machine.property("MainPID")
        let user = try await machine.run("stat -c %u /run/tocsin").trimmed
        // The range of systemd's dynamic users.
        #expect((61_184...65_519).contains(Int(user) ?? 0), "\(user)")
        #expect(try await machine.run("getent -s files passwd \(user) || echo none") == "none\n")
        #expect(
            try await machine.run("awk '/^Uid:/{print $2}' /proc/\(pid)/status").trimmed == user
        )

        // Where it could be seen by who is not root.
        let seen = try await machine.run(
            """
            tocsin status --json; systemctl status --no-pager -n 100 tocsin
            systemctl show tocsin
            tr '\\0' '\\n' < /proc/\(pid)/cmdline; tr '\\0' '\\n' < /proc/\(pid)/environ
            journalctl --sync; journalctl --no-pager -o export; cat /proc/*/cmdline
            """
        )
        #expect(seen.contains("CREDENTIALS_DIRECTORY="))
        #expect(!seen.contains(secret))
        let become = "setpriv --reuid=\(user) --regid=\(user) --clear-groups"
        for file in ["mem", "maps", "environ"] {
            let said = try await machine.run(
                "\(become) head -c 1 /proc/\(pid)/\(file) 2>&1 | tr '\\0' ' ' || true"
            )
            #expect(said.contains("Permission denied"), "\(file): \(said)")
        }

        // A credential that is missing is said by systemd, with a status of its own.
        try await machine.run("systemctl stop tocsin; rm /etc/tocsin/mqtt-password")
        try await machine.run("systemctl start tocsin || true; systemctl stop tocsin || true")
        let journal = try await machine.run("journalctl -u tocsin --no-pager -n 20")
        #expect(journal.contains("status=243/CREDENTIALS"), "\(journal)")
    }

    @Test func `the sandbox is as tight as the unit says`() async throws {
        let machine = try machine
        try await machine.begin()
        try await machine.start()
        let report = try await machine.run("systemd-analyze security --no-pager tocsin")
        let score = report.firstMatch(of: /Overall exposure level for tocsin.service: ([0-9.]+)/)
        #expect(try #require(Double(score?.output.1 ?? "")) <= 1.0)

        let pid = try await machine.property("MainPID")
        let status = try await machine.run("cat /proc/\(pid)/status")
        for line in [
            "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1",
            "Seccomp:\t2",
        ] {
            #expect(status.contains(line), "\(line)")
        }
        // Accepted everywhere; enforced where the memory controller is systemd's to give, which it
        // is not in a container on a machine with the old hierarchy of control groups.
        #expect(try await machine.property("MemoryMax") == "\(1 << 30)")
        let limit = try await machine.run(
            "cat /sys/fs/cgroup$(systemctl show -p ControlGroup --value tocsin)/memory.max || true"
        ).trimmed
        #expect(limit.isEmpty || limit == "\(1 << 30)")
        #expect(try await machine.property("LimitCORE") == "0")
        #expect(try await machine.property("TasksMax") == "64")
    }

    @Test func `it can write its state and its socket, and read the rest`() async throws {
        let machine = try machine
        try await machine.begin()
        try await machine.run("touch /etc/tocsin/pump.safetensors")
        try await machine.start()
        let pid = try await machine.property("MainPID")
        /// Whether even root could write there, as the daemon sees the files.
        func canWrite(_ path: String) async throws -> Bool {
            let said = try await machine.run(
                "nsenter -t \(pid) -m touch \(path) 2>&1 && echo written || true"
            )
            #expect(said == "written\n" || said.contains("Read-only file system"), "\(said)")
            return said == "written\n"
        }
        for path in [
            "/etc/tocsin/tocsin.yaml", "/etc/tocsin/pump.safetensors", "/etc/tocsin/new",
            "/usr/bin/new", "/usr/lib/new", "/var/lib/other",
        ] {
            #expect(try await !canWrite(path), "\(path)")
        }
        for path in ["/var/lib/tocsin/new", "/run/tocsin/new"] {
            #expect(try await canWrite(path), "\(path)")
        }
        let modes = try await machine.run(
            "stat -c %a /run/tocsin /run/tocsin/tocsin.sock /var/lib/private/tocsin"
        )
        #expect(modes == "750\n660\n700\n")
        // Somebody who is not in its group does not get as far as the socket.
        let refused = try await machine.run(
            "setpriv --reuid=1 --regid=1 --clear-groups tocsin status 2>&1; echo $?"
        )
        #expect(refused.contains("Permission denied") && refused.hasSuffix("69\n"), "\(refused)")
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
