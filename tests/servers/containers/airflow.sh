#!/bin/sh
# What the official entry does with a command: its own subcommands need no `airflow` before them.
case ${1:-} in
  bash | sh | python | airflow) exec "$@" ;;
  *) exec airflow "$@" ;;
esac
