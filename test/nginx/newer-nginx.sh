#!/usr/bin/env bash
# Runs the tests of this folder in newer nginxes than the machine's own: those of Debian 13 and of Debian's testing
# branch, and there with the engine QuickJS too. Each is unpacked, not installed, into a folder of the user's cache.
# Needs Debian with mmdebstrap: apt-get install mmdebstrap
set -euo pipefail
cd "$(dirname "$0")/../.."
cache="${XDG_CACHE_HOME:-$HOME/.cache}/portcullis"

# A program of another release needs that release's own loader and libraries.
unpack() {
  local release=$1 folder=$2 libraries
  [ -x "$folder/nginx" ] && return
  command -v mmdebstrap > /dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 1; }
  rm -rf "$folder" && mkdir -p "$folder"
  # A mirror of a branch that moves may lag behind the date until which its list is called valid.
  mmdebstrap --quiet --variant=extract --aptopt='Acquire::Check-Valid-Until "false"' \
    --include=nginx,libnginx-mod-http-js "$release" "$folder" http://deb.debian.org/debian
  libraries=$(dirname "$(find "$folder/usr/lib" -name libc.so.6)")
  printf '#!/bin/sh\nexec %s --library-path %s %s "$@"\n' \
    "$(find "$folder/usr/lib" -name 'ld-linux*')" "$libraries" "$folder/usr/sbin/nginx" > "$folder/nginx"
  chmod 755 "$folder" && chmod +x "$folder/nginx"
}

run() {
  local release=$1 version=$2 engine=$3
  unpack "$release" "$cache/nginx-$release"
  echo "Debian's $release, engine $engine:"
  PORTCULLIS_NGINX="$cache/nginx-$release" PORTCULLIS_NGINX_VERSION="$version" PORTCULLIS_NGINX_ENGINE="$engine" \
    node test/run.mjs nginx
}

run trixie 0.8. njs
run forky 1. njs
run forky 1. qjs
