#!/bin/sh
# Makes the buckets, versioned. Idempotent; ends when done.
set -eu
until mc alias set store "$MINIO_ENDPOINT" "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" >/dev/null 2>&1; do sleep 1; done
for bucket in raw curated features models mlflow-artifacts; do
  mc mb --ignore-existing "store/$bucket"
  mc version enable "store/$bucket"
done
