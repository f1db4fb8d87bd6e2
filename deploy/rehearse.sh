#!/bin/bash
# The whole host without AWS: a real Debian 13 with systemd in a container without a way out, the
# user data as it is by the distribution's own cloud-init (packages, swap, the agent and all), then
# the half hour of README.md as it is written there: fetch, roles, first person, TLS in front, load,
# restart, kill, upgrade, rollback, backup, figures.
#   deploy/rehearse.sh ARCHIVE [FOLDER]
# Needs root, the Debian packages debootstrap, systemd-container, dpkg-dev and caddy, and moto_server
# (in the checkout's own environment), which is the AWS that the host's `aws` talks to. The first run
# makes FOLDER/base (a download of some 350 MB); about ten minutes in all.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
archive=$(readlink -f "$1")
work=${2:-$(mktemp -d)}
mkdir -p "$work"
work=$(readlink -f "$work")
box=$work/box
release=$(basename "$archive" .tar)
moto=$(PATH=$here/../.venv/bin:$PATH command -v moto_server)
region=ap-northeast-2 domain=panel.example.org
outside_address=10.40.99.1 inside_address=10.40.99.2
step() { echo; echo "== $*"; }

if [ ! -e "$work/base/complete" ]; then
  step "Debian 13, and beside it the packages that user data will ask for"
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | head -n 1)
  rm -rf "$work/base"
  # What an image has, and PostgreSQL's server, which stands for RDS.
  debootstrap --variant=minbase \
    --include=systemd,systemd-sysv,dbus,ca-certificates,cloud-init,python3-cffi-backend,locales,iproute2,procps,openssl,openssh-client,postgresql-17 \
    trixie "$work/base" "$mirror" > "$work/debootstrap.log"
  echo "deb $mirror trixie main" > "$work/base/etc/apt/sources.list"
  # shellcheck disable=SC2046 # its words are meant to be words
  chroot "$work/base" sh -c 'apt-get -q update && apt-get -qy --download-only install "$@"' sh \
    $(sed -n '/^packages:/,/^$/s/^  - //p' "$here/terraform/user-data.yaml.tftpl") \
    > "$work/packages.log"
  mkdir -p "$work/base/srv/packages"
  mv "$work"/base/var/cache/apt/archives/*.deb "$work/base/srv/packages/"
  (cd "$work/base/srv/packages" && dpkg-scanpackages . > Packages 2> "$work/packages.err")
  echo 'deb [trusted=yes] file:/srv/packages ./' > "$work/base/etc/apt/sources.list"
  rm -rf "$work"/base/var/lib/apt/lists/*
  touch "$work/base/complete"
fi
rm -rf "$box"
cp -a "$work/base" "$box"

step "The outside: an authority that issues by ACME as the public one does, and Amazon's downloads"
outside=$work/outside
rm -rf "$outside"
agent=$outside/files/amazon-ssm-$region/latest/debian_amd64
mkdir -p "$agent" "$outside/agent/DEBIAN" "$outside/agent/usr/lib/systemd/system"
# The agent itself cannot be had here: a package of its name, with a unit of its name.
printf 'Package: amazon-ssm-agent\nVersion: 0\nArchitecture: amd64\nMaintainer: none\nDescription: stands for the agent\n' \
  > "$outside/agent/DEBIAN/control"
printf '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' \
  > "$outside/agent/usr/lib/systemd/system/amazon-ssm-agent.service"
dpkg-deb -b "$outside/agent" "$agent/amazon-ssm-agent.deb" > /dev/null
cat > "$outside/Caddyfile" <<EOF
{
	admin off
	skip_install_trust
	storage file_system $outside/storage
	auto_https disable_redirects
}
acme-v02.api.letsencrypt.org {
	bind $outside_address
	tls internal
	rewrite /directory /acme/local/directory
	acme_server
}
s3.$region.amazonaws.com {
	bind $outside_address
	tls internal
	root * $outside/files
	file_server
}
EOF
ip link del pl-outside 2>/dev/null || true
ip link add pl-outside type veth peer name pl-inside
ip addr add $outside_address/30 dev pl-outside
ip link set pl-outside up
{ cat /etc/hosts; echo "$inside_address $domain"; } > "$outside/hosts"
unshare -m sh -c 'mount --bind "$1/hosts" /etc/hosts && exec caddy run --config "$1/Caddyfile"' \
  sh "$outside" > "$work/outside.log" 2>&1 &
internet=$!
container='' aws=''
trap 'kill $aws $internet $container 2>/dev/null || true; wait $container 2>/dev/null || true
      swapoff "$box/swapfile" 2>/dev/null || true; ip link del pl-outside 2>/dev/null || true' EXIT
authority=$outside/storage/pki/authorities/local/root.crt
for _ in $(seq 60); do [ -s "$authority" ] && break; sleep 1; done
# Trusted as the public authorities are on an image.
cp "$authority" "$box/usr/local/share/ca-certificates/outside.crt"
chroot "$box" update-ca-certificates > /dev/null 2>&1

step "User data: checked by cloud-init, then run by it"
mkdir -p "$box/var/lib/cloud/seed/nocloud" "$box/etc/cloud/cloud.cfg.d" "$box/etc/systemd/system.conf.d"
sed -e 's/\$\${/${/g; s/\${region}/'$region'/g; s/\${domain}/'$domain'/g
        s/\${bucket}/panelens-store/g; s/\${database_host}/database.internal/g
        s/\${secret}/panelens-administrator/g; s/\${metrics}/Panelens/g' \
  "$here/terraform/user-data.yaml.tftpl" > "$box/var/lib/cloud/seed/nocloud/user-data"
cp "$box/var/lib/cloud/seed/nocloud/user-data" "$box/root/"
echo 'instance-id: rehearsal' > "$box/var/lib/cloud/seed/nocloud/meta-data"
# An image has its mirrors in its own configuration; here the only one is a folder.
printf 'datasource_list: [NoCloud]\napt: {preserve_sources_list: true}\nnetwork: {config: disabled}\n' \
  > "$box/etc/cloud/cloud.cfg.d/99-rehearsal.cfg"
cp "$archive" "$box/root/"
cat >> "$box/etc/hosts" <<EOF
127.0.0.1 database.internal
$inside_address $domain
$outside_address acme-v02.api.letsencrypt.org s3.$region.amazonaws.com
EOF
# What is Amazon's on an instance is moto's here, for every service and for whoever is at the shell.
amazon="AWS_ENDPOINT_URL=http://127.0.0.1:5000 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_REGION=$region"
printf '[Manager]\nDefaultEnvironment=%s\n' "$amazon" > "$box/etc/systemd/system.conf.d/rehearsal.conf"
# Unpacked by debootstrap, its units are not enabled as on an image.
systemctl --root="$box" enable -q cloud-init-main cloud-init-local cloud-init-network cloud-config cloud-final || true

# Its swap file is this machine's for as long as it runs: swap knows no containers.
systemd-nspawn -q -D "$box" --private-network --system-call-filter=@swap \
  --register=no --keep-unit -b > "$work/console.log" 2>&1 &
container=$!
leader=
for _ in $(seq 60); do
  leader=$(pgrep -P "$container" | head -n 1 || true)
  [ -n "$leader" ] && break
  sleep 1
done
# shellcheck disable=SC2086 # its words are meant to be words
inside() { nsenter -t "$leader" -m -u -i -n -p -- /usr/bin/env -i PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root $amazon "$@"; }
ip link set pl-inside netns "$leader"
nsenter -t "$leader" -n sh -c "ip link set lo up; ip addr add $inside_address/30 dev pl-inside; ip link set pl-inside up"
nsenter -t "$leader" -n "$moto" -H 127.0.0.1 -p 5000 > "$work/moto.log" 2>&1 &
aws=$!
for _ in $(seq 90); do
  inside systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded' && break
  sleep 2
done
inside cloud-init schema --config-file /root/user-data
timeout 240 nsenter -t "$leader" -m -u -i -n -p -- cloud-init status --wait || true
inside cloud-init status --long || true
inside journalctl -t panelens -o cat --no-pager
inside cat /etc/panelens/host.env
inside bash -c 'swapon --show; grep swap /etc/fstab; systemctl is-active amazon-ssm-agent; systemctl is-enabled amazon-ssm-agent unattended-upgrades
dpkg-query -W -f "\${Package} \${Version}\n" awscli caddy curl jq postgresql-client-17 python3-venv unattended-upgrades
findmnt -no FSTYPE /tmp || true'

step "RDS: PostgreSQL with TLS only, an administrator who is no superuser, the secret, the bucket"
cat > "$box/root/rds.sh" <<'EOF'
cd /root
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=Rehearsal root" -keyout root.key -out root.crt 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj /CN=database.internal -addext subjectAltName=DNS:database.internal -keyout server.key -out server.csr 2>/dev/null
openssl x509 -req -in server.csr -CA root.crt -CAkey root.key -copy_extensions copy -days 30 -out server.crt 2>/dev/null
at=/etc/postgresql/17/main
[ -d $at ] || pg_createcluster 17 main --locale C.UTF-8 >/dev/null
install -o postgres -m 600 server.key server.crt $at/
cat >> $at/postgresql.conf <<END
listen_addresses = '127.0.0.1'
ssl = on
ssl_cert_file = '$at/server.crt'
ssl_key_file = '$at/server.key'
END
printf "local all postgres peer\nhostssl all all 127.0.0.1/32 scram-sha-256\n" > $at/pg_hba.conf
systemctl restart postgresql@17-main
cd /
runuser -u postgres -- psql -q -c "create role panelens_admin login createrole createdb password 'of-the-rehearsal'" \
  -c "create database panelens owner panelens_admin template template0 encoding 'UTF8' locale 'C.UTF-8'"
for _ in $(seq 60); do curl -s -o /dev/null http://127.0.0.1:5000 && break; sleep 1; done
aws secretsmanager create-secret --name panelens-administrator --query Name \
  --secret-string '{"username":"panelens_admin","password":"of-the-rehearsal"}'
aws s3 mb s3://panelens-store
EOF
inside bash -eu /root/rds.sh

step "Steps 5 and 7: upload, fetch, install"
inside bash -euc "
aws s3 cp --no-progress /root/$release.tar s3://panelens-store/releases/
echo $release | aws s3 cp - s3://panelens-store/releases/current
rm /root/$release.tar
time panelens-fetch
cat /root/root.crt >> \$(find /opt/panelens/current/venv -path '*server/bundle/deploy/rds-ca.pem')"

step "Roles (twice), the connection, the first person, start"
inside bash -euc '
panelens-database
panelens-database
panelens-run database check
printf "rehearsal-password-1\n" | panelens-run user add operator --role owner
systemctl start panelens
for _ in $(seq 180); do curl -fsS -m 5 -o /dev/null http://127.0.0.1:8000/readyz 2>/dev/null && break; sleep 1; done
systemctl show panelens -p ActiveState,NRestarts'

# What a browser does, with the authorities that the machine trusts.
front="curl -sS -m 120"
step "A certificate by ACME, TLS in front, and signing in"
inside bash -euc "
for _ in \$(seq 60); do $front -o /dev/null https://$domain/ 2>/dev/null && break; sleep 1; done
openssl s_client -connect $domain:443 -servername $domain < /dev/null 2>/dev/null | openssl x509 -noout -issuer -ext subjectAltName
$front -o /dev/null -w 'http: %{http_code} to %{redirect_url}\n' http://$domain/
$front -o /dev/null -w 'before: %{http_code} over HTTP/%{http_version} to %{redirect_url}\n' https://$domain/
$front -o /dev/null -w 'readyz through the proxy: %{http_code}\n' https://$domain/readyz
$front -o /dev/null -w 'wrong password: %{http_code}\n' --data-urlencode name=operator --data-urlencode password=wrong https://$domain/sign-in
$front -o /dev/null -c /root/cookies -w 'sign-in: %{http_code}\n' --data-urlencode name=operator --data-urlencode password=rehearsal-password-1 https://$domain/sign-in
grep -o '#HttpOnly.*TRUE.*panelens_session' /root/cookies
$front -b /root/cookies -G -o /root/answer.html -w 'a question: %{http_code} in %{time_total} s\n' --data-urlencode 'q=서울 20대 남자 100명' https://$domain/
grep -ciE 'synthetic|합성' /root/answer.html
$front -D - -o /dev/null https://$domain/sign-in | grep -iE 'strict-transport|content-security|^server' || true"

step "Loading"
inside bash -euc '
jq -c ".[:500]" /var/lib/panelens/demo-welcome/result.json > /var/tmp/result.json
panelens-run load /var/tmp/result.json
panelens-run load /var/tmp/result.json'

step "100 requests through the proxy while the service is restarted twice, one at a time"
inside bash -c "
for n in 1 2; do sleep 2; systemctl restart panelens; done &
failed=0
for n in \$(seq 100); do $front -f -o /dev/null https://$domain/healthz || failed=\$((failed+1)); sleep 0.1; done
wait
echo \"failed: \$failed of 100\""

step "kill -9"
inside bash -c '
systemctl kill -s KILL panelens; sleep 8
for _ in $(seq 120); do curl -fsS -m 5 -o /dev/null http://127.0.0.1:8000/readyz 2>/dev/null && break; sleep 1; done
systemctl show panelens -p ActiveState,NRestarts'

step "An upgrade that does not become ready is taken back"
inside bash -c "
mkdir /var/tmp/broken && aws s3 cp --no-progress s3://panelens-store/releases/$release.tar - | tar -x -C /var/tmp/broken --strip-components 1
cd /var/tmp/broken
echo panelens-broken > RELEASE
# A server that cannot start: its model is not the one of the manifest.
find models -name '*.gguf' -exec sh -c ': > \"\$1\"' sh {} \;
sed -i '/panelens\" download/d' install.sh
find . -type f ! -name SHA256SUMS | sort | xargs sha256sum > SHA256SUMS
PANELENS_READY_SECONDS=30 ./install.sh; echo \"exit \$?\"
readlink /opt/panelens/current
for _ in \$(seq 120); do curl -fsS -m 5 -o /dev/null http://127.0.0.1:8000/readyz 2>/dev/null && break; sleep 1; done
systemctl is-active panelens"

step "Back and forth by hand"
inside bash -euc "
cp -a /opt/panelens/releases/$release /opt/panelens/releases/before
panelens-switch
panelens-switch before && panelens-switch
panelens-switch $release && panelens-switch
rm -r /opt/panelens/releases/before"

step "Backup, encrypted, to the bucket; restored into a second database"
inside bash -euc '
cd /root
openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj /CN=backups -keyout backup.key -out backup.crt 2>/dev/null
install -m 644 backup.crt /etc/panelens/
systemctl start panelens-backup
systemctl show panelens-backup -p Result
aws s3 ls s3://panelens-store/backups/
file=$(aws s3 ls s3://panelens-store/backups/ | awk "{print \$4}")
aws s3 cp --no-progress "s3://panelens-store/backups/$file" . >/dev/null
cd / && runuser -u postgres -- createdb -O panelens_owner second && cd /root
PANELENS_DATABASE_URL=$(sed -n "s/^PANELENS_DATABASE_URL=//p" /etc/panelens/database.env)
second=$(echo "$PANELENS_DATABASE_URL" | sed "s#/panelens?#/second?#")
time PANELENS_DATABASE_URL=$second panelens-restore "$file" backup.key
for url in "$PANELENS_DATABASE_URL" "$second"; do
  PANELENS_DATABASE_URL=$url /opt/panelens/current/venv/bin/python -P -m server.postgres.libpq psql -X -At \
    -c "select count(*), md5(string_agg(r::text, chr(10) order by respondent_id)) from panel_welcome.respondent r"
done'

step "Figures for the alarms"
inside bash -euc '
systemctl start panelens-report
systemctl show panelens-report -p Result
aws cloudwatch list-metrics --namespace Panelens --query "Metrics[].MetricName" --output text'

step "Hardening, and what failed"
inside systemd-analyze security --no-pager panelens.service | tail -n 1
inside systemctl list-units --failed --no-legend --no-pager
inside bash -c 'journalctl -u panelens -o cat --no-pager | tail -n 3'
echo "The rehearsal is over."
