#!/bin/sh
# Fills the four names in nginx.conf (nothing else that begins with a dollar) and runs nginx in the foreground.
set -eu
sed -e "s|\${GATEWAY}|$GATEWAY|" -e "s|\${INFERENCE}|$INFERENCE|" -e "s|\${SENSORS}|$SENSORS|" -e "s|\${LISTEN}|$LISTEN|" \
  "$(dirname "$0")/nginx.conf" >/tmp/nginx.conf
exec nginx -c /tmp/nginx.conf -e stderr -g 'daemon off;'
