#!/usr/bin/env bash
# The whole of tocsin in a few minutes: simulates pumps and tanks, trains a model of each kind, runs
# the daemon on a private broker, orders faults, and compares the alerts with them.
#
# Ends with 0 if each of the four kinds of alert rang inside a fault that explains it.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/install-packages.sh

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "1. Building tocsin (release; minutes the first time)"
swift build -c release --static-swift-stdlib --product tocsin 2>&1 | tail -n 1
tocsin=$(swift build -c release --static-swift-stdlib --product tocsin --show-bin-path)/tocsin

work=$(mktemp -d)
pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

free_port() {
    local port
    for port in $(shuf -i 20000-50000 -n 50); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
    return 1
}

say "2. A private broker"
port=$(free_port)
broker=mqtt://127.0.0.1:$port
cp config/mosquitto-tocsin.conf "$work/mosquitto.conf"
printf 'listener %s 127.0.0.1\nallow_anonymous true\n' "$port" >> "$work/mosquitto.conf"
"$(command -v mosquitto || echo /usr/sbin/mosquitto)" -c "$work/mosquitto.conf" \
    > "$work/mosquitto.log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do
    mosquitto_pub -p "$port" -t demo -m hello 2>/dev/null && break
    sleep 0.1
done
echo "mosquitto listens on 127.0.0.1:$port"

say "3. Three days of healthy pumps and tanks, and a model of each kind"
fleet=(--devices pump:3 tank:2 --period 30s --jitter 2s --missing 0.001 --seed 1)
"$tocsin" simulate "${fleet[@]}" --duration 3d --output "$work/%k.csv"
"$tocsin" train --data "$work/pump.csv" --output "$work/pump.safetensors" \
    --channel speed=1/min flow=m3/h pressure=bar motor_current=A bearing_temperature=°C \
    motor_temperature=°C vibration=mm/s
"$tocsin" train --data "$work/tank.csv" --output "$work/tank.safetensors" \
    --channel inflow=l/min outflow=l/min level=m valve=% pressure=bar temperature=°C

say "4. The daemon"
mkdir "$work/state" "$work/run"
cat > "$work/tocsin.yaml" <<YAML
broker:
  address: $broker
models:
  - device: "pump-*"
    file: pump.safetensors
  - device: "tank-*"
    file: tank.safetensors
alerts:
  anomaly:
    budget_per_month: 20
state:
  directory: state
control:
  socket: run/tocsin.sock
YAML
"$tocsin" check --config "$work/tocsin.yaml"
"$tocsin" run --config "$work/tocsin.yaml" 2> "$work/daemon.log" &
daemon=$!
pids+=("$daemon")
mosquitto_sub -p "$port" -q 1 -t tocsin/alerts > "$work/alerts.jsonl" &
pids+=($!)
for _ in $(seq 100); do
    grep -q subscribed "$work/daemon.log" && break
    sleep 0.1
done

say "5. Two more days, with faults, in half a minute"
"$tocsin" simulate "${fleet[@]}" --duration 5d --skip 3d --events "$work/events.jsonl" \
    --fault offset:pump-1.pressure@3d12h+1h*0.6 \
    --fault clog:pump-1@4d6h+2h*0.5 \
    --fault drift:pump-2.bearing_temperature@3d10h+20h*1.5 \
    --fault stuck:pump-3.motor_current@3d15h+2h \
    --fault silence:pump-3@4d6h+1h \
    --fault leak:tank-1@4d2h+2h*0.8 \
    --fault silence:tank-2@3d20h+1h \
    --publish --broker "$broker" --speed 5760
before=-1
frames=0
while [ "$frames" != "$before" ]; do
    before=$frames
    sleep 1
    frames=$("$tocsin" status --socket "$work/run/tocsin.sock" --json | jq .frames)
done
"$tocsin" status --socket "$work/run/tocsin.sock"
"$tocsin" inspect pump-2 --socket "$work/run/tocsin.sock"
kill "$daemon"
wait "$daemon" || true

say "6. What the daemon logged (under systemd: journalctl -u tocsin)"
sed 's/ TOCSIN_.*//' "$work/daemon.log"

say "7. Which alerts the simulator's labels confirm"
# An alert is confirmed if it was raised while a fault of its device that explains it was active, or
# within half an hour after it.
jq -rn --slurpfile events "$work/events.jsonl" --slurpfile alerts "$work/alerts.jsonl" '
    def seconds: sub("\\.[0-9]+Z$"; "Z") | fromdateiso8601;
    def explains($kind): {
        anomaly: ["offset", "clog", "drift", "stuck", "leak"],
        drift: ["drift", "clog", "leak"], fault: ["stuck"], silence: ["silence"]
    }[$kind];
    def cause($alert): [
        $events[] | select(
            .device == $alert.device
            and (.kind as $kind | explains($alert.kind) | index([$kind]))
            and ($alert.time | seconds) >= (.start | seconds)
            and ($alert.time | seconds) <= (.end | seconds) + 1800
        ) | .kind][0];
    [$alerts[] | select(.state == "raised" and (.reminder | not))] as $raised
    | $raised[]
    | [if cause(.) then "confirmed" else "unexplained" end,
        .kind, .time[0:16], cause(.) // "-", .message] | @tsv
' | tee "$work/verdicts.tsv" | sed 's/\t/  /g'
result=0
for kind in anomaly drift fault silence; do
    count=$(awk -F'\t' -v kind=$kind '$1 == "confirmed" && $2 == kind' "$work/verdicts.tsv" | wc -l)
    printf '%-8s %s confirmed\n' "$kind" "$count"
    [ "$count" -gt 0 ] || result=1
done
false_alerts=$(grep -c '^unexplained' "$work/verdicts.tsv" || true)
echo "$false_alerts alerts in 10 device-days that no fault explains"
[ "$result" = 0 ] && say "All four kinds of alert rang, and the labels confirm them." \
    || say "Some kind of alert did not ring where it should."
exit $result
