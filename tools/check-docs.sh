#!/usr/bin/env bash
# Builds TocsinCore's documentation: a link to a symbol that does not exist, or a parameter without a
# word, is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

graphs=.build/docs/graphs
mkdir -p "$graphs/core"
swift build --target TocsinCore --build-path .build/docs \
    -Xswiftc -emit-symbol-graph -Xswiftc -emit-symbol-graph-dir -Xswiftc "$graphs" 2>&1 | tail -n 1
cp "$graphs"/TocsinCore*.symbols.json "$graphs/core/"
docc=$(command -v docc || echo "$(dirname "$(readlink -f "$(command -v swift)")")/docc")
"$docc" convert Sources/TocsinCore/TocsinCore.docc \
    --additional-symbol-graph-dir "$graphs/core" --output-path .build/docs/html \
    --fallback-display-name TocsinCore --fallback-bundle-identifier tocsin.core \
    --warnings-as-errors > .build/docs/said 2>&1 || {
    cat .build/docs/said
    exit 1
}
