#!/usr/bin/env python3
"""What the recipes need of systemctl, where systemd is not running: it starts services as their units say.

Of our own units it applies what decides whether a recipe works: the user, the groups, directories, the umask and
capabilities. A group or a path that is missing is an error, as it is for systemd.
"""
import glob
import grp
import os
import shlex
import subprocess
import sys

DEBIAN_SERVICES = {
    "nginx": ["nginx"],
    "apache2": ["apache2ctl", "start"],
    "haproxy": ["haproxy", "-D", "-f", "/etc/haproxy/haproxy.cfg"],
    "caddy": ["setpriv", "--reuid=caddy", "--regid=caddy", "--init-groups", "--inh-caps=+net_bind_service",
              "--ambient-caps=+net_bind_service", "env", "HOME=/var/lib/caddy",
              "caddy", "run", "--config", "/etc/caddy/Caddyfile"],
}
DYNAMIC_USER = 61184


def read_unit(name):
    settings = {}
    unit = f"/etc/systemd/system/{name}.service"
    for path in [unit, *sorted(glob.glob(f"{unit}.d/*.conf"))]:
        for line in open(path).read().replace("\\\n", " ").splitlines():
            key, equals, value = line.partition("=")
            if not equals or line.startswith("#"):
                continue
            # An empty value removes what was set before; a setting that is repeated adds to it.
            settings[key] = [] if value == "" else [*settings.get(key, []), value]
    return settings


def start(name):
    settings = read_unit(name)
    last = lambda key, default: settings.get(key, [default])[-1]
    group = grp.getgrnam(last("Group", "nogroup")).gr_gid
    others = [str(grp.getgrnam(one).gr_gid) for one in settings.get("SupplementaryGroups", [])]
    for path in settings.get("ReadWritePaths", []):
        os.stat(path)
    for directory in settings.get("RuntimeDirectory", []):
        os.makedirs(f"/run/{directory}")
        os.chown(f"/run/{directory}", DYNAMIC_USER, group)
        os.chmod(f"/run/{directory}", int(last("RuntimeDirectoryMode", "0755"), 8))
    capabilities = [one.lower().removeprefix("cap_") for one in settings.get("AmbientCapabilities", [])]
    added = ",".join(["-all", *(f"+{one}" for one in capabilities)])
    identity = [f"--reuid={DYNAMIC_USER}", f"--regid={group}", f"--groups={','.join(others)}" if others else "--clear-groups"]
    privileges = [f"--inh-caps={added}", f"--ambient-caps={added}", f"--bounding-set={added}", "--no-new-privs"]
    command = shlex.split(last("ExecStart", ""))
    os.umask(int(last("UMask", "0022"), 8))
    log = open(f"/var/log/{name}.log", "w")
    subprocess.Popen(["setpriv", *identity, *privileges, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)


action, *rest = sys.argv[1:]
services = [word for word in rest if not word.startswith("-")]
if action == "daemon-reload":
    sys.exit()
if action not in ("enable", "reload", "restart") or (action == "enable" and "--now" not in rest):
    sys.exit(f"systemctl {action} is not known here")
for service in services:
    if service in DEBIAN_SERVICES:
        log = open(f"/var/log/{service}.log", "w")
        subprocess.Popen(DEBIAN_SERVICES[service], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    else:
        start(service)
