#!/usr/bin/env bash
# A Debian base image made on this machine, for where no image can be pulled: a minimal system by debootstrap, with this
# machine's certificate authorities (a network may have one of its own). Quick when it is there. usage: base.sh IMAGE
set -euo pipefail
image=$1
podman image exists "$image" && exit 0
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase bookworm "$root/system" >"$root/log" 2>&1 || { tail -n 20 "$root/log" >&2; exit 1; }
authorities=/etc/forewarn-test-authorities.crt
install -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/system$authorities"
rm -f "$root"/system/var/cache/apt/archives/*.deb
variables=()
for name in SSL_CERT_FILE CURL_CA_BUNDLE PIP_CERT NODE_EXTRA_CA_CERTS; do variables+=(-c "ENV $name=$authorities"); done
tar -C "$root/system" -c . | podman import -q "${variables[@]}" - "$image" >/dev/null
