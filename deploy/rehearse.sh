#!/bin/bash
# The whole host without AWS: a real Debian 13 with systemd in a container, no network, the user
# data by the distribution's own cloud-init, then install, restart, kill, upgrade, rollback, backup.
#   deploy/rehearse.sh ARCHIVE [FOLDER]
# Needs root and the Debian packages debootstrap and systemd-container; about five minutes.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
archive=$(readlink -f "$1")
work=${2:-$(mktemp -d)}
mkdir -p "$work"
box=$work/box
release=$(basename "$archive" .tar)
step() { echo; echo "== $*"; }

if [ ! -e "$box/etc/debian_version" ]; then
  step "Debian 13"
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | head -n 1)
  debootstrap --variant=minbase trixie "$box" "$mirror" \
    --include=systemd,systemd-sysv,dbus,ca-certificates,python3-venv,postgresql-client-17,caddy,cloud-init,locales,iproute2,curl,procps,openssl,netcat-openbsd,python3-cffi-backend \
    > "$work/debootstrap.log"
fi

step "User data: checked by cloud-init, then run by it"
mkdir -p "$box/var/lib/cloud/seed/nocloud" "$box/etc/cloud/cloud.cfg.d"
# Packages come from a mirror and there is no network here: the box has them already.
sed -e 's/\$\${/${/g; s/\${region}/ap-northeast-2/g; s/\${domain}/panel.example.org/g
        s/\${bucket}/panelens-store/g; s/\${database_host}/127.0.0.1/g; s/\${secret}/none/g
        s/\${metrics}/Panelens/g' "$here/terraform/user-data.yaml.tftpl" > "$work/user-data.full"
sed -e '/^packages:/,/^$/d; /^package_update/d; /^swap:/,/^$/d' "$work/user-data.full" \
  > "$box/var/lib/cloud/seed/nocloud/user-data"
echo 'instance-id: rehearsal' > "$box/var/lib/cloud/seed/nocloud/meta-data"
echo 'datasource_list: [NoCloud]' > "$box/etc/cloud/cloud.cfg.d/99-rehearsal.cfg"
cp "$work/user-data.full" "$box/root/user-data"
mkdir -p "$box/bundle"
tar -xf "$archive" -C "$box/bundle"

# Unpacked by debootstrap, its units are not enabled as on an image.
systemctl --root="$box" enable -q cloud-init-main cloud-init-local cloud-init-network cloud-config cloud-final || true

systemd-nspawn -q -D "$box" --private-network --register=no --keep-unit -b \
  > "$work/console.log" 2>&1 &
container=$!
trap 'kill $container 2>/dev/null || true; wait $container 2>/dev/null || true' EXIT
leader=
for _ in $(seq 60); do
  leader=$(pgrep -P "$container" | head -n 1 || true)
  [ -n "$leader" ] && break
  sleep 1
done
inside() { nsenter -t "$leader" -m -u -i -n -p -- /usr/bin/env -i PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"; }
for _ in $(seq 60); do
  inside systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded' && break
  sleep 2
done
inside cloud-init schema --config-file /root/user-data
timeout 90 nsenter -t "$leader" -m -u -i -n -p -- cloud-init status --wait || true
inside cloud-init status --long || true
inside cat /etc/panelens/host.env

step "Install, without a database"
inside "/bundle/$release/install.sh"

step "A database beside it, the roles, the demo panel"
inside bash -euc '
bin=$(dirname "$(find /opt/panelens/current/venv -path "*pginstall/bin/initdb")")
useradd -m pg && echo rehearsal > /home/pg/word && chown pg /home/pg/word
runuser -u pg -- "$bin/initdb" -D /home/pg/data -U admin --encoding=UTF8 --locale=C.UTF-8 --auth=scram-sha-256 --pwfile=/home/pg/word >/dev/null
runuser -u pg -- "$bin/pg_ctl" -D /home/pg/data -o "-c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp" -l /home/pg/log -w start >/dev/null
export PGPASSWORD=rehearsal PGHOST=127.0.0.1 PGUSER=admin
psql -q -d postgres -c "create database panelens"
for again in 1 2; do
  { echo "\set owner_password rehearsal-owner"; cat /opt/panelens/current/host/roles.sql; } | psql -q -X -d panelens
done
umask 077
echo "PANELENS_DATABASE_URL=postgresql://panelens_owner:rehearsal-owner@127.0.0.1:5432/panelens" > /etc/panelens/database.env
panelens-run database check'
if inside panelens-run user --help >/dev/null 2>&1; then
  inside bash -c 'printf "rehearsal-password-1\nrehearsal-password-1\n" | panelens-run user add operator --role owner' || true
fi
inside "/bundle/$release/install.sh"
inside systemctl show panelens -p ActiveState,NRestarts,MemoryCurrent

step "100 requests while the service is restarted twice, one at a time"
inside bash -c '
for n in 1 2; do sleep 2; systemctl restart panelens; done &
failed=0
for n in $(seq 100); do curl -fsS -m 120 -o /dev/null http://127.0.0.1:8000/healthz || failed=$((failed+1)); sleep 0.1; done
wait
echo "failed: $failed of 100"'

step "kill -9"
inside bash -c '
systemctl kill -s KILL panelens; sleep 8
for _ in $(seq 60); do curl -fsS -m 5 -o /dev/null http://127.0.0.1:8000/readyz && break; sleep 1; done
systemctl show panelens -p ActiveState,NRestarts'

step "An upgrade that does not become ready is taken back"
inside bash -c "
cp -R /bundle/$release /bundle/broken && cd /bundle/broken
echo panelens-broken > RELEASE && rm models/*.gguf
find . -type f ! -name SHA256SUMS | sort | xargs sha256sum > SHA256SUMS
PANELENS_READY_SECONDS=30 ./install.sh; echo \"exit \$?\"
readlink /opt/panelens/current
for _ in \$(seq 60); do curl -fsS -m 5 -o /dev/null http://127.0.0.1:8000/readyz && break; sleep 1; done
systemctl is-active panelens"

step "Backup, encrypted, and restore into a second database"
inside bash -euc '
cd /root
openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj /CN=backups -keyout backup.key -out /etc/panelens/backup.crt 2>/dev/null
bin=$(dirname "$(find /opt/panelens/current/ -path "*pginstall/bin/pg_dump")")
export PG_DUMP=$bin/pg_dump PG_RESTORE=$bin/pg_restore $(cat /etc/panelens/database.env)
file=$(/opt/panelens/current/host/panelens-backup /root)
ls -l "$file"
PGPASSWORD=rehearsal psql -q -h 127.0.0.1 -U admin -d postgres -c "create database second owner panelens_owner"
second=${PANELENS_DATABASE_URL%/panelens}/second
time PANELENS_DATABASE_URL=$second panelens-restore "$file" backup.key
for url in "$PANELENS_DATABASE_URL" "$second"; do
  PANELENS_DATABASE_URL=$url /opt/panelens/current/venv/bin/python -m server.postgres.libpq psql -At -c "select count(*), md5(string_agg(r::text, chr(10) order by respondent_id)) from panel_welcome.respondent r"
done'

step "Hardening"
inside systemd-analyze security --no-pager panelens.service | tail -n 1
inside systemctl list-units --failed --no-legend --no-pager
inside bash -c 'PANELENS_DOMAIN=localhost caddy validate --config /etc/caddy/Caddyfile --adapter caddyfile 2>&1 | tail -n 1'
inside bash -c 'journalctl -u panelens -o cat --no-pager | tail -n 4'
