import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort, untilListening } from "../support/free-port.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { makeBucket, type TestBucket } from "./test-bucket.ts";

/** A bucket of a Ceph cluster of its own. */
export interface CephBucket extends TestBucket {
  /** Adds a user who is not allowed anything yet; with `caps`, for example its own policy. */
  addUser(name: string, caps?: string): TestBucket["credentials"];
  /** Removes a user, with the keys and the sessions. */
  removeUser(name: string): void;
  stop(): Promise<void>;
}

/**
 * Starts a real Ceph cluster of one monitor and one OSD, which keeps objects in memory, and in front of it the object
 * gateway, which enforces signatures; makes one bucket. With `hasSessions`, the gateway issues temporary credentials, and
 * then does not tell a wrong secret from a missing permission.
 */
export async function startCeph(bucket = "apps", { hasSessions = false } = {}): Promise<CephBucket> {
  const children: ChildProcess[] = [];
  async function stop(): Promise<void> {
    // The gateway first: alone, it would wait for the others.
    for (const child of children.splice(0).reverse()) {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
  }
  // Before the folder below is removed: its programs write to it as long as they run.
  after(stop);

  const unpack = fileURLToPath(new URL("unpack.sh", import.meta.url));
  const folder = execFileSync(unpack, ["radosgw,ceph-mon,ceph-osd"], { encoding: "utf8" }).trim();
  const data = join(temporaryFolder(), "ceph");
  mkdirSync(join(data, "mon"), { recursive: true });
  mkdirSync(join(data, "osd"));
  const configuration = join(data, "ceph.conf");
  const fsid = randomUUID();
  const monitor = `[v2:127.0.0.1:${await freePort()}]`;
  writeFileSync(configuration, configurationText(folder, data, fsid, monitor));
  const program = join(folder, "run");
  const run = (name: string, ...args: string[]): void =>
    void execFileSync(program, [name, ...args], {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 120_000,
      killSignal: "SIGKILL",
    });
  const start = (...args: string[]): void =>
    void children.push(spawn(program, [...args, "--conf", configuration, "-f"], { stdio: "ignore" }));

  // The cluster's first maps already contain the OSD, so that no other program has to add it.
  const [monitorMap, osdMap] = [join(data, "monmap"), join(data, "osdmap")];
  run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", monitor, "--enable-all-features", monitorMap);
  run("osdmaptool", "--conf", configuration, "--createsimple", "1", osdMap);
  run("ceph-mon", "--conf", configuration, "-i", "a", "--mkfs", "--monmap", monitorMap, "--osdmap", osdMap);
  start("ceph-mon", "-i", "a");
  run("ceph-osd", "--conf", configuration, "-i", "0", "--mkfs");
  start("ceph-osd", "-i", "0");
  const manage = (...args: string[]): void => run("radosgw-admin", "--conf", configuration, "user", ...args);
  function addUser(name: string, caps = ""): TestBucket["credentials"] {
    const credentials = { accessKeyId: `${name.toUpperCase()}ACCESSKEY`, secretAccessKey: "not-a-secret" };
    const keys = [`--access-key=${credentials.accessKeyId}`, `--secret-key=${credentials.secretAccessKey}`];
    manage("create", `--uid=${name}`, `--display-name=${name}`, ...keys, ...(caps === "" ? [] : [`--caps=${caps}`]));
    return credentials;
  }
  const removeUser = (name: string): void => manage("rm", `--uid=${name}`);
  const credentials = addUser("test");
  const port = await freePort();
  // The key encrypts the session tokens.
  const sessions = hasSessions ? ["--rgw_s3_auth_use_sts=true", `--rgw_sts_key=${randomBytes(8).toString("hex")}`] : [];
  start("radosgw", `--rgw_frontends=beast endpoint=127.0.0.1:${port}`, ...sessions);
  await untilListening(port);
  return { ...(await makeBucket(`http://127.0.0.1:${port}`, bucket, credentials)), addUser, removeUser, stop };
}

/** There is no authentication within the cluster, because all of its parts are on this computer. */
function configurationText(folder: string, data: string, fsid: string, monitor: string): string {
  const libraries = join(folder, "usr/lib/x86_64-linux-gnu");
  const settings = {
    fsid,
    mon_host: monitor,
    public_addr: "127.0.0.1",
    cluster_addr: "127.0.0.1",
    auth_cluster_required: "none",
    auth_service_required: "none",
    auth_client_required: "none",
    // The gateway would encrypt what it sends to the monitor, which needs authentication.
    ms_mon_client_mode: "crc",
    mon_data: join(data, "mon"),
    osd_data: join(data, "osd"),
    rgw_data: data,
    run_dir: data,
    crash_dir: data,
    admin_socket: "",
    log_file: join(data, "$name.log"),
    mon_cluster_log_file: "/dev/null",
    osd_objectstore: "memstore",
    memstore_device_bytes: 16 * 1024 ** 3,
    // One copy of each object.
    osd_pool_default_size: 1,
    osd_pool_default_min_size: 1,
    osd_pool_default_pg_num: 1,
    osd_pool_default_pgp_num: 1,
    osd_crush_chooseleaf_type: 0,
    osd_crush_update_on_start: false,
    mon_allow_pool_size_one: true,
    // While pools are created, there are dozens of changes; do not wait in order to combine them.
    paxos_propose_interval: 0.02,
    paxos_min_wait: 0.01,
    osd_class_dir: join(libraries, "rados-classes"),
    erasure_code_dir: join(libraries, "ceph/erasure-code"),
    osd_erasure_code_plugins: "",
    plugin_dir: join(libraries, "ceph"),
  };
  return `[global]\n${Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join("")}`;
}
