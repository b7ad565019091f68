#!/bin/sh
# Makes a stand-in for the base image from Debian's packages, where no registry gives the official one.
# Needs root, debootstrap and a Docker engine.
set -eu
image=python:3.11-slim-bookworm
docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" && exit 0
root=$(mktemp --directory)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
debootstrap --variant=minbase --include=python3,python3-pip,python3-venv,libpython3.11,ca-certificates bookworm "$root" >/dev/null
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
if [ -f /etc/pip.conf ]; then cp /etc/pip.conf "$root/etc/"; fi
ln -s ../../bin/python3 "$root/usr/local/bin/python"
tar -C "$root" -c . | docker import - "$image" >/dev/null
