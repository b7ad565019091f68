#!/bin/sh
# Exits with 1 if a secret is a well-known default or short enough to guess.
set -eu
for name in POSTGRES_PASSWORD UI_PASSWORD; do
    eval "secret=\${$name:-}"
    case $secret in
        change-me | changeme | password | postgres | dagster | admin) fault="is a default" ;;
        *) fault="has ${#secret} characters, at least 16 are needed"; [ ${#secret} -lt 16 ] || continue ;;
    esac
    echo "$name $fault. Set it in .env, for example to the output of: openssl rand -hex 24" >&2
    failed=1
done
exit "${failed:-0}"
