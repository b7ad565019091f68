#!/bin/sh
# Ends with 1 where a secret is one that everybody knows, or that can be guessed.
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
