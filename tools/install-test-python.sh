#!/usr/bin/env bash
# A Python of the tests' own, in .build/python, that reads what tocsin writes. Users never need it,
# and where it cannot be made the test that wants it is skipped and says so.
set -euo pipefail
cd "$(dirname "$0")/.."

python=.build/python/bin/python3
"$python" -c 'import numpy, paho.mqtt, safetensors' 2>/dev/null && exit 0
mkdir -p .build
python3 -m venv .build/python
"$python" -m pip install --quiet --disable-pip-version-check numpy paho-mqtt safetensors
