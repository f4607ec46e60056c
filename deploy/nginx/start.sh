#!/bin/sh
# Fills the five names in nginx.conf (nothing else that begins with a dollar) and runs nginx in the foreground.
set -eu
RESOLVER=$(awk '$1 == "nameserver" { print $2 ~ /:/ ? "[" $2 "]" : $2; exit }' /etc/resolv.conf)
sed -e "s|\${GATEWAY}|$GATEWAY|" -e "s|\${INFERENCE}|$INFERENCE|" -e "s|\${SENSORS}|$SENSORS|" -e "s|\${LISTEN}|$LISTEN|" \
  -e "s|\${RESOLVER}|$RESOLVER|" \
  "$(dirname "$0")/nginx.conf" >/tmp/nginx.conf
exec nginx -c /tmp/nginx.conf -e stderr -g 'daemon off;'
