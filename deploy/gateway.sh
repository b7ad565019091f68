#!/bin/sh
# Writes to /gateway Envoy's configuration, and the users who may see the UI.
set -eu
umask 077
house-prices gateway user "$UI_USER" >/gateway/ui-users.new
mv /gateway/ui-users.new /gateway/ui-users
house-prices gateway config --listen 0.0.0.0:8080 --server inference:8001 \
    --ui webserver:3000 --sign-in sign-in:8002 >/gateway/envoy.yaml
