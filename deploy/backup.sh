#!/bin/sh
# deploy/backup.sh save FOLDER       saves Dagster's records and the models, while everything runs
# deploy/backup.sh restore FOLDER    replaces the current ones; stops the services that write meanwhile
# COMPOSE is the Compose command, such as "docker-compose --env-file other.env".
set -eu
compose=${COMPOSE:-docker compose}
action=$1 folder=$2
cd "$(dirname "$0")/.."
in_models() { $compose run --rm --no-deps -T code "$@"; }

case $action in
    save)
        mkdir -p "$folder"
        # Models last, so that the copy has every model that a record names.
        $compose exec -T postgres pg_dump --username dagster --format custom dagster >"$folder/postgres.dump"
        in_models tar -C /srv/house-prices/storage/models -c . >"$folder/models.tar"
        (cd "$folder" && sha256sum postgres.dump models.tar >SHA256SUMS)
        ;;
    restore)
        (cd "$folder" && sha256sum --check --quiet SHA256SUMS)
        $compose stop daemon webserver code
        $compose exec -T postgres pg_restore --username dagster --dbname dagster --clean --if-exists \
            --single-transaction <"$folder/postgres.dump"
        in_models sh -c 'cd /srv/house-prices/storage/models && find . -mindepth 1 -delete && tar -x' \
            <"$folder/models.tar"
        in_models house-prices models verify
        $compose start code webserver daemon
        ;;
    *)
        sed -n '2,4s/^# //p' "$0" >&2
        exit 2
        ;;
esac
