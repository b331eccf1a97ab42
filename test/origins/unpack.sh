#!/usr/bin/env bash
# unpack.sh PACKAGE[,PACKAGE]: unpacks packages of Debian 13 and all that they need into a folder of the user's cache, without
# installing it, and prints that folder. Its file `run` starts a program of it: run NAME ARGUMENTS...
# Needs Debian with mmdebstrap: apt-get install mmdebstrap
set -euo pipefail
folder="${XDG_CACHE_HOME:-$HOME/.cache}/portcullis/trixie-$1"
if [ ! -x "$folder/run" ]; then
  command -v mmdebstrap > /dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 1; }
  rm -rf "$folder" && mkdir -p "$folder"
  mmdebstrap --quiet --variant=extract --include="$1" trixie "$folder" http://deb.debian.org/debian >&2
  # A program of another release needs that release's own loader, libraries and modules.
  libraries="$folder/usr/lib/x86_64-linux-gnu:$folder/usr/lib/x86_64-linux-gnu/ceph:$folder/usr/lib/ceph"
  cat > "$folder/run" << SCRIPT
#!/bin/sh
program=\$1; shift
exec "$folder/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries" "$folder/usr/bin/\$program" "\$@"
SCRIPT
  chmod +x "$folder/run"
fi
echo "$folder"
