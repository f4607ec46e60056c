#!/usr/bin/env bash
# Makes deploy/.env from .env.example and fills its empty passwords with random ones, the same into deploy/secrets (files
# that compose mounts). What is there already stays. usage: deploy/init.sh
set -euo pipefail
cd "$(dirname "$0")"
umask 077
[ -f .env ] || cp .env.example .env
mkdir -p secrets
secret() { head -c 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n='; }
fill() {  # NAME: its value in .env, made if empty
  local value
  value=$(sed -n "s/^$1=//p" .env | tail -n 1)
  if [ -z "$value" ]; then
    value=$(secret)
    if grep -q "^$1=" .env; then sed -i "s|^$1=.*|$1=$value|" .env; else echo "$1=$value" >>.env; fi
  fi
  printf %s "$value"
}
keep() { [ -s "secrets/$1" ] || printf %s "$2" >"secrets/$1"; }
fill MINIO_ROOT_PASSWORD >/dev/null
fill AIRFLOW_SECRET_KEY >/dev/null
keep forewarn_db_password "$(fill FOREWARN_DB_PASSWORD)"
keep mlflow_db_password "$(fill MLFLOW_DB_PASSWORD)"
keep airflow_db_password "$(fill AIRFLOW_DB_PASSWORD)"
keep airflow_admin_password "$(fill AIRFLOW_ADMIN_PASSWORD)"
keep postgres_password "$(secret)"
keep grafana_admin_password "$(secret)"
chmod 0644 secrets/*  # read by the containers' own users; the folder is closed to others
chmod 0700 secrets
echo "deploy/.env and deploy/secrets are ready"
