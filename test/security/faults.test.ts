import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { freshToken } from "../support/link.ts";
import { longestStart, type PortcullisProcess, startPortcullis } from "../support/portcullis-process.ts";
import { type RawResponse, rawRequest } from "../support/raw-request.ts";
import { servedFolder } from "../support/served-folder.ts";
import { signToken } from "../support/signing-key.ts";
import { openFiles, readOn, slowReader, until } from "../support/slow-reader.ts";
import { contentOf, type StoreFault, startFaultyStore } from "./faulty-store.ts";
import { createRandom } from "./random.ts";

/** `PORTCULLIS_SOAK_SECONDS`: how long each of the two tests runs; 5 seconds by default. */
const seconds = Number(process.env.PORTCULLIS_SOAK_SECONDS ?? 5);
/** How long a fault lasts, and how long the pause after it, in ms. */
const pause = Math.min(2000, seconds * 50);
const clients = 4;
const MiB = 1024 * 1024;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const memoryOf = ({ child }: PortcullisProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024;

/** Runs clients and faults at the same time; the faults take turns, and each occurs at least once. */
async function run(faults: readonly (() => Promise<void>)[], client: () => Promise<void>): Promise<void> {
  const end = performance.now() + seconds * 1000;
  let over = false;
  const work = Array.from({ length: clients }, async () => {
    while (!over) await client();
  });
  const trouble = (async () => {
    try {
      for (let turn = 0; turn < faults.length || performance.now() < end; turn += 1) {
        await faults[turn % faults.length]?.();
        await sleep(pause);
      }
    } finally {
      over = true;
    }
  })();
  await Promise.all([...work, trouble]);
}

/** The part of a file that a response claims to contain. */
function claimedPart({ status, headers }: RawResponse): { from: number; length: number } {
  const from = status === 206 ? Number(/^bytes (\d+)-/.exec(headers["content-range"] ?? "")?.[1]) : 0;
  return { from, length: Number(headers["content-length"]) };
}

test("while a store fails, the cache's disk is full and the clock changes, no byte is wrong, and no invalid token passes", async () => {
  const size = 2 * MiB;
  const store = await startFaultyStore(size);
  after(() => store.close());
  const { base, key } = servedFolder({});
  const clockFile = join(base, "clock");
  const cacheDisk = mkdtempSync(join(tmpdir(), "portcullis-disk-"));
  const isRoot = process.getuid?.() === 0; // only root can mount a file system
  if (isRoot) execFileSync("mount", ["-t", "tmpfs", "-o", "size=12m", "none", cacheDisk]);
  after(() => {
    if (isRoot) execFileSync("umount", ["--lazy", cacheDisk]);
    rmSync(cacheDisk, { recursive: true });
  });
  const clockModule = pathToFileURL(fileURLToPath(new URL("stepped-clock.mjs", import.meta.url))).href;
  const startServer = (...more: string[]): PortcullisProcess =>
    startPortcullis(
      [
        ...["serve", `http://127.0.0.1:${store.port}/`, "--key", join(base, "public.pem")],
        ...["--host", "127.0.0.1", "--port", "0", ...more],
      ],
      { NODE_OPTIONS: `--import=${clockModule}`, STEPPED_CLOCK: clockFile },
    );
  const cached = startServer("--cache", join(cacheDisk, "cache"), "--cache-size", "1");
  const direct = startServer();
  const servers = [cached, direct];
  const ports = await Promise.all(servers.map((server) => server.port(longestStart)));
  const random = createRandom(1);
  const counts: Record<string, number> = {};
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  /** By how many seconds the servers' clocks are wrong. */
  let offset = 0;
  /** Counts the beginnings and the ends of clock changes: while it is odd, only some of the clocks have changed. */
  let steps = 0;
  const hasStepped = (before: number): boolean => steps !== before || steps % 2 === 1;
  /** How often something began that can affect a download in progress. */
  let disturbances = 0;
  let isDisturbed = false;

  const expiring = (inSeconds: number): string =>
    signToken(key, { iss: "JSS", sub: "AppManifest", exp: Math.floor(Date.now() / 1000) + offset + inSeconds });

  async function download(): Promise<void> {
    const [stepsBefore, disturbancesBefore, disturbedBefore] = [steps, disturbances, isDisturbed];
    const from = random.once(2) ? random.below(size - 1000) : undefined;
    const headers: Record<string, string> = from === undefined ? {} : { Range: `bytes=${from}-` };
    const versionBefore = store.version;
    const response = await rawRequest(random.pick(ports), `/app.ipa?token=${expiring(600)}`, { headers });
    const { status, body } = response;
    const excused = disturbedBefore || disturbances !== disturbancesBefore;
    if (status === 401) {
      assert.ok(hasStepped(stepsBefore), "a good token was refused, and the clock did not step");
      return count("refused while the clock stepped");
    }
    if (status === 502 || status === 503) {
      assert.ok(excused, `${status}, and nothing was wrong`);
      return count("502 or 503");
    }
    if (Number.isNaN(status)) {
      assert.ok(excused, "no response, and nothing was wrong");
      return count("closed before the response");
    }
    assert.ok(status === 200 || status === 206, String(status));
    const part = claimedPart(response);
    assert.equal(part.length, size - part.from);
    const version = versionOf(body, part.from);
    assert.ok(excused || version === undefined || version === versionBefore, `version ${version} is old`);
    if (body.length === part.length) return count("complete");
    assert.ok(excused, `${body.length} of ${part.length} bytes, and nothing was wrong`);
    count("closed early");
  }

  async function badToken(): Promise<void> {
    const stepsBefore = steps;
    const [name, token] = random.pick([
      ["expired", () => expiring(-120)],
      ["by another clock", () => freshToken(key, Math.abs(offset) < 3600 ? -7200 : 600)],
      ["too long", () => expiring(8000)],
    ] as const);
    const { status, body } = await rawRequest(random.pick(ports), `/app.ipa?token=${token()}`);
    if (hasStepped(stepsBefore)) return;
    assert.equal(status, 401, name);
    assert.ok(body.length < 1000);
    count("bad token");
  }

  async function stepTo(newOffset: number): Promise<void> {
    steps += 1;
    writeFileSync(clockFile, String(newOffset * 1000));
    for (const { child } of servers) {
      rmSync(`${clockFile}.done`, { force: true });
      child.kill("SIGUSR2");
      await until(() => existsSync(`${clockFile}.done`), "the clock's step");
    }
    offset = newOffset;
    steps += 1;
    count("clock step");
  }

  /** Requests that began during a fault share its outcome with others for a moment. */
  async function recovered(): Promise<void> {
    for (const port of ports) {
      for (let good = 0, tries = 0; good < 3; tries += 1) {
        const { status, body } = await rawRequest(port, `/app.ipa?token=${expiring(600)}`);
        good = status === 200 && versionOf(body, 0) === store.version ? good + 1 : 0;
        if (good === 0) await sleep(50);
        assert.ok(tries < 1000, "no recovery from a fault");
      }
    }
  }

  const storeFault = (fault: StoreFault, newOffset?: number) => async () => {
    isDisturbed = true;
    disturbances += 1;
    store.version += 1;
    store.fault = fault;
    await sleep(pause);
    if (newOffset !== undefined) {
      const { status } = await rawRequest(ports[1] as number, `/app.ipa?token=${expiring(600)}`);
      assert.ok(status === 502 || status === 503, `${status}, and the store is ${fault}`);
      count("502 or 503");
    }
    store.fault = "none";
    // The cache asks a store again ten seconds after it could not be reached, and immediately if the clock changes.
    if (newOffset !== undefined) await stepTo(newOffset);
    await recovered();
    isDisturbed = false;
    count(fault);
  };
  const faults = [
    storeFault("down", 3 * 3600),
    storeFault("throttled"),
    storeFault("overloaded", -3 * 3600),
    storeFault("breaks"),
    storeFault("down", 0),
    storeFault("overloaded", 60),
    () => stepTo(0),
    async () => {
      disturbances += 1;
      store.version += 1;
      count("replaced");
    },
    async () => {
      if (!isRoot) return;
      writeFileSync(join(cacheDisk, "filler"), Buffer.alloc(64), { flag: "a" });
      try {
        for (;;) writeFileSync(join(cacheDisk, "filler"), Buffer.alloc(64 * 1024), { flag: "a" });
      } catch {
        count("disk full");
      }
      disturbances += 1;
      store.version += 1; // has to be fetched, and cannot be stored
      await sleep(pause);
      rmSync(join(cacheDisk, "filler"));
    },
  ];
  await download();
  await run(faults, async () => (random.once(4) ? badToken() : download()));

  isDisturbed = false;
  for (let good = 0; good < 20; good += 1) await download();
  console.log(
    `store: ${JSON.stringify(counts)}; memory ${servers.map((one) => memoryOf(one).toFixed(0)).join(" and ")} MiB`,
  );
  const needed = ["complete", "bad token", "502 or 503", "down", "throttled", "breaks", "overloaded", "replaced"];
  for (const name of [...needed, "clock step"]) assert.ok((counts[name] ?? 0) > 0, `${name} never happened`);
  for (const server of servers) {
    assert.ok(memoryOf(server) < 250, `${memoryOf(server)} MiB`);
    await until(() => openFiles(server) < 60, "descriptors being closed");
    assert.equal(await server.end(), 0);
    assert.equal(server.stderr(), "");
  }

  /** The version that these bytes belong to; none if there are too few to know. */
  function versionOf(body: Buffer, from: number): number | undefined {
    const marked = Math.ceil(from / 4096) * 4096 - from; // a version's number is at the beginning of each 4096 bytes
    if (body.length < marked + 4) return undefined;
    const version = body.readUInt32LE(marked);
    const isWhole = contentOf(version, size)
      .subarray(from, from + body.length)
      .equals(body);
    assert.ok(isWhole, `bytes ${from} to ${from + body.length} are not of version ${version} alone`);
    return version;
  }
});

test("while files are truncated, readers are slow and the server is killed, no byte is wrong and none is lost", async () => {
  const size = 4 * MiB;
  const large = 64 * MiB;
  const { base, www, key } = servedFolder({ "large.ipa": contentOf(7, large) });
  // Not a port: while the server is down, another program of this computer can get it.
  const socket = join(base, "serve.sock");
  const content = contentOf(1, size);
  const replace = (): void => {
    writeFileSync(join(www, ".next"), content);
    // The server waits for a file that was modified a moment ago.
    utimesSync(join(www, ".next"), new Date(), Date.now() / 1000 - 3600);
    renameSync(join(www, ".next"), join(www, "app.ipa"));
  };
  replace();
  async function start(): Promise<PortcullisProcess> {
    const started = startPortcullis(["serve", www, "-k", join(base, "public.pem"), "--socket", socket]);
    await started.listening(longestStart);
    return started;
  }
  let portcullis = await start();
  let starts = 1;
  /** How often the file was truncated, and whether it is truncated now. */
  let truncations = 0;
  let isTruncated = false;
  let isDown = false;
  let most = 0;
  const random = createRandom(1);
  const counts: Record<string, number> = {};
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };

  async function download(): Promise<void> {
    const [startsBefore, truncationsBefore] = [starts, truncations];
    const wasDisturbed = isTruncated || isDown;
    const hasToken = !random.once(5);
    const isExcused = (): boolean => wasDisturbed || starts !== startsBefore || truncations !== truncationsBefore;
    const target = hasToken ? `/app.ipa?token=${freshToken(key)}` : "/app.ipa";
    const response = await rawRequest(socket, target).catch((error) => {
      assert.ok(isExcused(), `${error}, and the server was not killed`);
    });
    if (response === undefined || Number.isNaN(response.status)) {
      assert.ok(isExcused(), "no response, and the server was not killed");
      await sleep(20);
      return count("no response");
    }
    const { status, body } = response;
    if (!hasToken) {
      assert.equal(status, 401);
      return count("no token");
    }
    assert.equal(status, 200);
    const { length } = claimedPart(response);
    const isRight = body.equals(content.subarray(0, body.length));
    const wrongFrom = isRight ? "" : body.findIndex((byte, index) => byte !== content[index]);
    assert.ok(isRight, `bytes that are not the file's from ${wrongFrom} of ${body.length} on`);
    if (body.length === length && length === size) return count("complete");
    assert.ok(isExcused() && body.length <= length, `${body.length} of ${length} bytes`);
    count(body.length === length ? "complete, of a shorter file" : "closed early");
  }

  const faults = [
    async () => {
      truncations += 1;
      isTruncated = true;
      truncateSync(join(www, "app.ipa"), random.below(size));
      await sleep(pause / 2);
      replace();
      await sleep(pause / 2);
      isTruncated = false;
      count("truncated");
    },
    async () => {
      const request = `GET /large.ipa?token=${freshToken(key)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
      const readers = await Promise.all(Array.from({ length: 8 }, () => slowReader(socket, request)));
      await sleep(pause);
      most = Math.max(most, memoryOf(portcullis));
      const [patient, ...others] = readers;
      for (const other of others) other.destroy();
      assert.ok(patient && (await readOn(patient)) > large, "bytes of a slow reader were lost");
      count("slow readers");
    },
    async () => {
      starts += 1;
      isDown = true;
      portcullis.child.kill("SIGKILL");
      assert.equal(await portcullis.ended, "SIGKILL");
      portcullis = await start();
      isDown = false;
      count("killed");
    },
  ];
  await run(faults, download);

  for (let good = 0; good < 20; good += 1) await download();
  const memory = Math.max(most, memoryOf(portcullis));
  console.log(`folder: ${JSON.stringify(counts)}; memory at most ${memory.toFixed(0)} MiB`);
  for (const needed of ["complete", "no token", "truncated", "slow readers", "killed"])
    assert.ok((counts[needed] ?? 0) > 0, `${needed} never happened`);
  assert.ok(memory < 300, `${memory} MiB`);
  await until(() => openFiles(portcullis) < 60, "descriptors being closed");
  assert.equal(await portcullis.end(), 0);
  assert.equal(portcullis.stderr(), "");
});
