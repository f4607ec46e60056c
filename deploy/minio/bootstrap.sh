#!/bin/sh
# Makes the buckets, versioned, once the server answers. Idempotent; ends when done, with an error after two minutes.
set -eu
tries=0
until said=$(mc alias set store "$MINIO_ENDPOINT" "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" 2>&1 >/dev/null); do
  tries=$((tries + 1))
  [ $tries -lt 120 ] || { echo "no answer from $MINIO_ENDPOINT: $said" >&2; exit 1; }
  sleep 1
done
for bucket in raw curated features models mlflow-artifacts; do
  mc mb --ignore-existing "store/$bucket"
  mc version enable "store/$bucket"
done
