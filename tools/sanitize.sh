#!/usr/bin/env bash
# tools/sanitize.sh address|thread [FILTER]: builds the tests with that sanitizer, beside the other
# builds, and runs those that fit FILTER (all).
#
# Expect three to ten times the usual time. Allocations are not counted in these runs. What is not ours
# is left out by tools/sanitizer-*.txt, each line with its reason.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=${1:-}
case $kind in
    address | thread) ;;
    *) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 64 ;;
esac
filter=()
[ $# -lt 2 ] || filter=(--filter "$2")

export SWIFT_BACKTRACE=enable=no
# Tests end with objects of process-wide life; leaks are the fuzz targets' and the soak's to find.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=0
export TSAN_OPTIONS=suppressions=$PWD/tools/sanitizer-thread.txt:second_deadlock_stack=1
options=(--sanitize="$kind" --scratch-path ".build/$kind" -Xswiftc -use-ld=lld)
if [ "$kind" = thread ]; then
    mkdir -p ".build/$kind"
    clang -O1 -fsanitize=thread -c tools/sanitizer-mutex.c -o ".build/$kind/mutex.o"
    options+=(-Xlinker "$PWD/.build/$kind/mutex.o")
fi
swift build --build-tests "${options[@]}" </dev/null
log=$(mktemp)
trap 'rm -f "$log"' EXIT
result=0
swift test --skip-build "${options[@]}" "${filter[@]}" </dev/null 2>&1 | tee "$log" || result=$?
if grep -qE '(ERROR: AddressSanitizer|WARNING: ThreadSanitizer)' "$log"; then
    echo "$kind sanitizer: findings"
    exit 1
fi
exit "$result"
