#!/bin/sh
# First start of the database container: one database and one owner a service, each with its own password.
set -eu
for name in forewarn mlflow airflow; do
  password=$(cat "/run/secrets/${name}_db_password")
  psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres -v name="$name" -v password="$password" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
