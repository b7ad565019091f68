#!/bin/sh
# Writes the files that Envoy reads in /gateway: its configuration, and the users who may see the UI.
set -eu
umask 077
house-prices gateway user "$UI_USER" >/gateway/ui-users
house-prices gateway config --listen 0.0.0.0:8080 --server inference:8001 \
    --ui webserver:3000 --ui-users /gateway/ui-users >/gateway/envoy.yaml
