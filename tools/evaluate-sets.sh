#!/usr/bin/env bash
# How well tocsin rings on public data sets: for each entity a model is trained on its own train part
# and evaluated on its test part, beside the baselines; then the mean of each set. For people, not for
# CI: minutes, and the data are not part of the project.
#
#   tools/evaluate-sets.sh DATA_FOLDER [ENTITY...]     entities such as smd/machine-1-6 asd/server-1;
#                                                      all of smd, asd, skab and nab if left out
#
# Read FOUND (events with a row in alarm) beside ONSET (events inside which an alarm began), OUTSIDE
# (alarms that began outside events) and IN ALARM %: an alarm that never ends finds all and counts once.
#
# DATA_FOLDER holds SET/ENTITY.train.csv.gz, SET/ENTITY.test.csv.gz, with `label` last in the latter.
# Environment: TRAIN_OPTIONS  more options for `tocsin train`, such as "--cell gru --seed 2"
#              COMMON=1       trains on SET/*.train.csv.gz without a test part, too (skab: anomaly-free)
#              KEEP=FILE      keeps the JSON lines
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,16s/^# \?//p' "$0" >&2; exit 64; }
data=$(realpath "$1")
shift
[ -z "${KEEP:-}" ] || KEEP=$(realpath "$KEEP")
cd "$(dirname "$0")/.."

swift build -c release --product tocsin 2>&1 | tail -n 1 >&2
tocsin=$(swift build -c release --product tocsin --show-bin-path)/tocsin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

entities=("$@")
if [ ${#entities[@]} = 0 ]; then
    for set in smd asd skab nab; do
        for test in "$data/$set"/*.test.csv.gz; do
            entities+=("$set/$(basename "$test" .test.csv.gz)")
        done
    done
fi

for entity in "${entities[@]}"; do
    # The buffer of VUS-PR in rows: about as long as an event's border is uncertain.
    case $entity in smd/* | nab/*) buffer=50 ;; *) buffer=20 ;; esac
    train=("$data/$entity.train.csv.gz")
    if [ -n "${COMMON:-}" ]; then
        for table in "$data/${entity%/*}"/*.train.csv.gz; do
            [ -e "${table%.train.csv.gz}.test.csv.gz" ] || train+=("$table")
        done
    fi
    start=$EPOCHREALTIME
    # shellcheck disable=SC2086
    "$tocsin" train --data "${train[@]}" --output "$work/model.safetensors" ${TRAIN_OPTIONS:-} \
        > "$work/train.log"
    "$tocsin" evaluate --model "$work/model.safetensors" --data "$data/$entity.test.csv.gz" \
        --train "${train[@]}" --buffer $buffer --json > "$work/one.jsonl"
    seconds=$(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $start }")
    sed "s|^{|{\"entity\":\"$entity\",\"seconds\":$seconds,|" "$work/one.jsonl" >> "$work/all.jsonl"
    echo "$entity: $seconds s" >&2
done
[ -z "${KEEP:-}" ] || cp "$work/all.jsonl" "$KEEP"

python3 - "$work/all.jsonl" <<'PYTHON'
import json
import sys

COLUMNS = [
    ("VUS-PR", "vus_pr", 3, 1), ("AP", "average_precision", 3, 1),
    ("LABELLED %", "labelled_share", 1, 100), ("RECALL", "event_recall", 2, 1),
    ("PRECISION", "event_precision", 2, 1), ("FALSE/10k", "false_alarms_per_10000", 1, 1),
    ("FALSE/DAY", "false_alarms_per_day", 2, 1), ("IN ALARM %", "normal_share_in_alarm", 1, 100),
    ("DELAY", "delay_median_rows", 1, 1), ("90 %", "delay_90_rows", 1, 1),
    ("DRIFT", "drift_alerts", 1, 1), ("UNSCORED", "unscored_rows", 1, 1),
]


def line(name, detector, lines):
    cells = []
    for title, key, places, factor in COLUMNS:
        values = [found[key] for found in lines if found[key] is not None]
        mean = f"{factor * sum(values) / len(values):.{places}f}" if values else "-"
        cells.append(mean.rjust(len(title)))
    events = sum(found["events"] for found in lines)
    pooled = f"{sum(found['events_found'] for found in lines)}/{events}"
    onset = f"{sum(found['events_with_onset'] for found in lines)}/{events}"
    outside = sum(found["alarms_begun_outside"] for found in lines)
    outside = f"{outside}/{sum(found['alarms'] for found in lines)}"
    sums = "  ".join(text.rjust(7) for text in (pooled, onset, outside))
    print(f"{name:{width}}  {detector:18}", "  ".join(cells), sums, sep="  ")


lines = [json.loads(text) for text in open(sys.argv[1], encoding="utf-8")]
width = max(16, *(len(found["device"]) for found in lines))
titles = "  ".join(title for title, *_ in COLUMNS)
print(f"{'SERIES':{width}}  {'DETECTOR':18}", titles, "  FOUND    ONSET  OUTSIDE", sep="  ")
sets = list(dict.fromkeys(found["entity"].split("/")[0] for found in lines))
for name in sets:
    own = [found for found in lines if found["entity"].split("/")[0] == name]
    for found in own:
        if found["detector"] == "model":
            line(found["device"], "model", [found])
    for detector in dict.fromkeys(found["detector"] for found in own):
        of = [found for found in own if found["detector"] == detector]
        line(f"{name}: mean of {len(of)}", detector, of)
PYTHON
