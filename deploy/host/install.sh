#!/bin/sh
# Install or upgrade Panelens from this folder, without network. Run as root; running it again
# changes nothing. An upgrade whose server does not become ready is taken back.
set -eu
here=$(dirname "$(readlink -f "$0")")
home=${PANELENS_HOME:-/opt/panelens}
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
for unit in "$target"/host/*.service "$target"/host/*.socket "$target"/host/*.timer; do
  install -m 0644 "$unit" /etc/systemd/system/
done
for program in panelens-database panelens-run panelens-backup panelens-restore; do
  ln -sfn "$home/current/host/$program" "/usr/local/sbin/$program"
done
if [ -e /etc/panelens/host.env ] && [ -d /etc/caddy ]; then
  install -m 0644 "$target/host/Caddyfile" /etc/caddy/Caddyfile
  install -d /etc/systemd/system/caddy.service.d
  printf '[Service]\nEnvironmentFile=/etc/panelens/host.env\n' \
    > /etc/systemd/system/caddy.service.d/panelens.conf
fi

previous=$(readlink "$home/current" 2>/dev/null || true)
switch() { ln -sfn "$1" "$home/current.new" && mv -T "$home/current.new" "$home/current"; }
switch "$target"

if [ ! -d /run/systemd/system ]; then
  say "systemd is not running here: $release is in place and starts with the machine"
  systemctl enable --quiet panelens.socket panelens.service
  exit 0
fi

ready() {
  for _ in $(seq "${PANELENS_READY_SECONDS:-180}"); do
    curl -fsS -m 5 -o /dev/null http://127.0.0.1:8000/readyz 2>/dev/null && return 0
    sleep 1
  done
  return 1
}

systemctl daemon-reload
systemctl enable --quiet --now panelens.socket
systemctl enable --quiet panelens.service
if [ -e /etc/panelens/host.env ]; then
  systemctl enable --quiet --now panelens-report.timer
  ! systemctl is-active --quiet caddy || systemctl restart caddy
fi
if ! grep -qs ^PANELENS_DATABASE_URL /etc/panelens/database.env /etc/panelens/panelens.env; then
  say "installed. Now: panelens-database, then panelens-run user add NAME --role owner,"
  say "then systemctl start panelens"
  exit 0
fi
[ ! -e /etc/panelens/backup.crt ] || systemctl enable --quiet --now panelens-backup.timer
systemctl restart panelens.service
if ready; then
  say "$release is running"
  # The one before stays for going back by hand; older ones go.
  find "$home/releases" -mindepth 1 -maxdepth 1 ! -path "$target" ! -path "${previous:-$target}" \
    -exec rm -rf {} +
  exit 0
fi
if [ -n "$previous" ] && [ "$previous" != "$target" ]; then
  switch "$previous"
  systemctl restart panelens.service
  refuse "$release did not become ready: back to $(basename "$previous"). See journalctl -u panelens"
fi
refuse "$release did not become ready: see journalctl -u panelens"
