#!/usr/bin/env bash
# Installs the real programs that the tests talk to, where they are missing.
# Debian-like systems only; elsewhere it says what to install.
set -euo pipefail

missing=()
command -v sipp >/dev/null || missing+=(sip-tester)
command -v espeak-ng >/dev/null || missing+=(espeak-ng)
command -v sox >/dev/null || missing+=(sox)
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "peers: please install ${missing[*]} with your package manager, then run make test again" >&2
  exit 2
fi
sudo=""
if [ "$(id -u)" -ne 0 ]; then
  sudo=sudo
  command -v sudo >/dev/null || { echo "peers: need root or sudo to install ${missing[*]}" >&2; exit 2; }
fi
echo "installing ${missing[*]}"
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
