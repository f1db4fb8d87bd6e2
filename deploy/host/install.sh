#!/bin/sh
# Install or upgrade Panelens from this folder, without network. Run as root; running it again
# changes nothing. An upgrade whose server does not become ready is taken back.
set -eu
here=$(dirname "$(readlink -f "$0")")
home=${PANELENS_HOME:-/opt/panelens}
export TMPDIR=/var/tmp  # /tmp is memory on Debian 13
trap '' HUP  # a session that is lost meanwhile must not leave a release that does not work
say() { echo "panelens: $*"; }
refuse() { echo "panelens: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || refuse "run this as root"
machine=$(uname -m)
[ "$machine" = x86_64 ] || refuse "this bundle is for x86_64 and this machine is $machine"
for flag in avx2 fma f16c bmi2; do
  grep -qw "$flag" /proc/cpuinfo || refuse "the processor lacks $flag (x86-64-v3 is needed)"
done
(cd "$here" && sha256sum --check --strict --quiet SHA256SUMS) ||
  refuse "a file is not the one that was packed: fetch the bundle again"

python=
for version in 3.13 3.12 3.11; do
  if [ -z "$python" ] && [ -d "$here/wheels/$version" ] && command -v "python$version" >/dev/null &&
    "python$version" -c 'import ensurepip, venv' 2>/dev/null; then
    python=python$version wheels=$here/wheels/$version
  fi
done
[ -n "$python" ] || refuse "Python with venv is missing: apt-get install python3-venv"

release=$(cat "$here/RELEASE")
target=$home/releases/$release
if [ ! -e "$target/complete" ]; then
  say "installing $release"
  rm -rf "$target"
  mkdir -p "$target"
  "$python" -m venv "$target/venv"
  "$target/venv/bin/python" -m pip install --quiet --no-index --disable-pip-version-check \
    --no-cache-dir --find-links "$wheels" --find-links "$here/wheels/any" panelens
  cp -R "$here/models" "$here/host" "$here/sbom.cdx.json" "$target/"
  "$target/venv/bin/python" -c 'import llama_cpp' ||
    refuse "llama.cpp does not load here: build the bundle on a system that is not newer than this"
  # Hashed now and noted, so that no start hashes it again.
  PANELENS_DATA_FOLDER=$target "$target/venv/bin/panelens" download >/dev/null
  # The files come from anywhere; the service's user must be able to read them.
  chmod -R u=rwX,go=rX "$target"
  touch "$target/complete"
else
  say "$release is installed already"
fi
# For a look without changing the machine (deploy/fits.py): the files are there and that is all.
[ -z "${PANELENS_FILES_ONLY:-}" ] || exit 0

install -D -m 0644 "$target/host/sysusers.conf" /usr/lib/sysusers.d/panelens.conf
systemd-sysusers panelens.conf
install -d -m 0700 -o panelens -g panelens /var/lib/panelens
install -d -m 0755 /etc/panelens
ln -sfn "$home/current/models" /var/lib/panelens/models
[ -e /etc/panelens/panelens.env ] ||
  install -m 0644 "$target/host/panelens.env" /etc/panelens/panelens.env

previous=$(readlink "$home/current" 2>/dev/null || true)
switched=0
PANELENS_HOME=$home "$target/host/panelens-switch" "$release" || switched=$?

if [ -d /run/systemd/system ] && [ -e /etc/panelens/host.env ]; then
  systemctl enable --quiet --now panelens-report.timer
fi
# Before there is a database nothing may start: whoever knocks at the socket starts the service.
if ! grep -qs ^PANELENS_DATABASE_URL /etc/panelens/database.env /etc/panelens/panelens.env; then
  say "installed. Now: panelens-database, then panelens-run user add NAME --role owner,"
  say "then systemctl start panelens"
  exit 0
fi
systemctl enable --quiet panelens.socket panelens.service
if [ ! -d /run/systemd/system ]; then
  say "systemd is not running here: $release is in place and starts with the machine"
  exit 0
fi
[ ! -e /etc/panelens/backup.crt ] || systemctl enable --quiet --now panelens-backup.timer
if [ "$switched" = 0 ]; then
  say "$release is running"
  # The one before stays for going back by hand (panelens-switch); older ones go.
  # Installed again, the release does not know which that is.
  [ "$previous" = "$target" ] ||
    find "$home/releases" -mindepth 1 -maxdepth 1 ! -path "$target" \
      ! -path "${previous:-$target}" -exec rm -rf {} +
  exit 0
fi
if [ -n "$previous" ] && [ "$previous" != "$target" ]; then
  PANELENS_HOME=$home "$previous/host/panelens-switch" "$(basename "$previous")" || true
  before=$(basename "$previous")
  refuse "$release did not become ready: back to $before. See journalctl -u panelens
A replaced machine would still take $release: on yours, echo $before | aws s3 cp - s3://\$bucket/releases/current"
fi
refuse "$release did not become ready: see journalctl -u panelens"
