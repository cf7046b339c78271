#!/usr/bin/env bash
# Installs the Debian packages that are missing: those to build and run tocsin, and those named as
# arguments. Needs root for that, and nothing where all are there.
set -euo pipefail

packages=(
    libmosquitto-dev libsystemd-dev libyaml-dev zlib1g-dev pkg-config
    mosquitto mosquitto-clients jq make "$@"
)
missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "installing ${missing[*]}" >&2
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
