#!/bin/bash
# Install or upgrade Airbridge on Debian 12 or later, from a checkout: sudo deploy/install.sh
#
# Builds a fresh environment beside the running one, checks the configuration with it, and only
# then switches over and restarts. Keeps the one before, so going back is one command. Run it
# again at will: it never touches /etc/airbridge/config.yaml, the token or the data.
set -euo pipefail

SOURCE=$(cd "$(dirname "$0")/.." && pwd)
PYTHON=${PYTHON:-/usr/bin/python3} # not a user's own Python: the service cannot see home folders
HOME_DIR=/opt/airbridge
CONFIG=/etc/airbridge/config.yaml
NEW=$HOME_DIR/releases/$(date -u +%Y%m%dT%H%M%SZ)

say() { printf '%s\n' "$*"; }
die() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

[ "$(id -u)" -eq 0 ] || die "run it as root"
command -v systemctl >/dev/null || die "systemd is missing; deploy/README.md says how to go without"
"$PYTHON" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    die "needs Python 3.11 with venv: apt-get install -y --no-install-recommends python3-venv"

BUILD=$(mktemp -d)
trap 'rm -rf "$BUILD"; [ -e "$NEW/complete" ] || rm -rf "$NEW"' EXIT

say "Building $NEW (a few minutes) ..."
mkdir -p "$HOME_DIR/releases"
"$PYTHON" -m venv "$NEW"
PIP=("$NEW/bin/python" -m pip --quiet --disable-pip-version-check)
"${PIP[@]}" install --require-hashes -r "$SOURCE/deploy/requirements.lock"
# A copy, so that the checkout is left without build products that belong to root.
cp -r "$SOURCE"/{bot,detectors,pyproject.toml,README.md,LICENSE,NOTICE} "$BUILD"
"${PIP[@]}" install --no-deps "$BUILD"

install -d -m 755 /etc/airbridge
install -d -m 700 /etc/credstore
install -m 644 "$SOURCE/config.yaml" "$CONFIG.example"
[ -e "$CONFIG" ] || install -m 644 "$SOURCE/config.yaml" "$CONFIG"
"$NEW/bin/airbridge" check "$CONFIG" >/dev/null ||
    die "the new version cannot use $CONFIG (above); nothing was changed"
touch "$NEW/complete"

PREVIOUS=$(readlink "$HOME_DIR/venv" || true)
ln -sfn "$NEW" "$HOME_DIR/venv.new"
mv -T "$HOME_DIR/venv.new" "$HOME_DIR/venv" # in one step
install -m 755 "$SOURCE"/deploy/{airbridge,airbridge-backup} /usr/local/bin/
install -m 644 "$SOURCE/deploy/airbridge.service" /etc/systemd/system/airbridge.service
systemctl daemon-reload
for release in "$HOME_DIR"/releases/*; do
    [ "$release" = "$NEW" ] || [ "$release" = "$PREVIOUS" ] || rm -rf "$release"
done

if systemctl is-active --quiet airbridge; then
    systemctl restart airbridge || die "the new version does not start: journalctl -u airbridge -n 50"
    say "Upgraded and restarted: $("$NEW/bin/airbridge" --version)"
else
    say "Installed: $("$NEW/bin/airbridge" --version). Next: edit $CONFIG, then"
    say "  sudo airbridge check && sudo systemctl enable --now airbridge"
fi
