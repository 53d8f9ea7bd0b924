#!/usr/bin/env bash
# Installs the real programs that the tests talk to, where they are missing.
# Debian-like systems only; elsewhere it says what to install.
set -euo pipefail

missing=()
need() {  # PROGRAM PACKAGE
  command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || missing+=("$2")
}
need sipp sip-tester
need espeak-ng espeak-ng
need baresip baresip-core
need kamailio kamailio
need sox sox
need openssl openssl
need chromium chromium
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || need initdb postgresql
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

# The tests start their own kamailio and PostgreSQL; the packages are not to start services.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
  $sudo chmod 755 "$policy"
  trap '$sudo rm -f "$policy"' EXIT
fi
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
for service in kamailio postgresql; do
  if [[ " ${missing[*]} " == *" $service "* ]] && [ -d /run/systemd/system ]; then
    $sudo systemctl disable --quiet "$service"
  fi
done
