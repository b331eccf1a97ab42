/** The budgets of the depot: a manifest, the start, and queries and pages on a large database. */
import { spawn } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createDataKey, openDepot, openDepotServer } from "@portcullis/depot";
import { strToU8, zipSync } from "fflate";

const items = 10_000;
const receipts = 1_000_000;
/** The number of links to one item, and of receipts of one link. */
const links = 10_000;
/** The time of the first receipt, in seconds since 1970; the others follow at intervals of one second. */
const oldestReceipt = Math.floor(Date.now() / 1000) - receipts;
const starts = 3;
const rounds = 8;
const requests = 250;

const command = fileURLToPath(new URL("../packages/cli/bin/portcullis.js", import.meta.url));

export async function measureDepot() {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-depot-"));
  try {
    return await measure(join(folder, "data"), join(folder, "App.ipa"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(data, file) {
  writeApp(file);
  const depot = await openDepot({ data });
  await depot.publish(file, { channel: "release" });
  const app = { item: "com.example.app", channel: "release", recipient: "bench" };
  const { id, secret } = await depot.links.create(app);
  await depot.close();
  const signature = await measureSignature();
  const small = await measureServer(data, secret);
  fill(data);
  const large = await measureServer(data, secret);

  const filled = await openDepot({ data });
  const late = {
    item: await lastEntry((page) => filled.items.list(page)),
    link: await lastEntry((page) => filled.links.list(page)),
  };
  // Not old enough for the depot to remove them.
  const removedUntil = oldestReceipt + receipts / 10;
  const queries = {
    "items.list": () => filled.items.list({ limit: 1000 }),
    "items.list, the last page": () => filled.items.list({ limit: 1000, after: late.item }),
    "items.find": () => filled.items.find("com.example.app5000"),
    "items.versions": () => filled.items.versions("com.example.app"),
    "links.list": () => filled.links.list({ limit: 1000 }),
    "links.list, the last page": () => filled.links.list({ limit: 1000, after: late.link }),
    "links.find": () => filled.links.find(secret),
    "receipts.list": () => filled.receipts.list(id, { limit: 1000 }),
    "receipts.removeBefore": () => filled.receipts.removeBefore(removedUntil),
  };
  const slowest = await measureEach(queries);
  const { itemId } = await filled.links.get(id);
  await filled.close();
  const slowestPages = await measureEach(await pages(data, { itemId, linkId: id, late }));

  const series = (name, value) => ({ group: "depot", name, unit: "ms", rounds: [value] });
  const full = `with ${items} items and ${receipts} receipts`;
  const fullItem = `${full}, one item with ${links} links, one link with ${links} receipts`;
  return [
    series("a manifest, until the response has arrived", small.median),
    series(`a manifest, until the response has arrived, ${full}`, large.median),
    series("a manifest, processor time", small.processor),
    series(`a manifest, processor time, ${full}`, large.processor),
    series("the signature in it, processor time", signature),
    series("the start, until it listens", small.start),
    series(`the start, until it listens, ${full}`, large.start),
    ...slowest.map(({ name, ms }) => series(`${name}, ${full}`, ms)),
    series("the slowest query", slowest[0].ms),
    ...slowestPages.map(({ name, ms }) => series(`${name}, ${fullItem}`, ms)),
    series("the slowest page", slowestPages[0].ms),
  ];
}

/** What administrators wait for: the pages, from the request to the last byte of the response. */
async function pages(data, { itemId, linkId, late }) {
  const dataKey = createDataKey(readFileSync(join(data, "data.key"), "utf8").trim());
  const server = await openDepotServer({ data, dataKey, publicUrl: "https://apps.example" });
  const app = await server.createAdminApp({ hasTls: true, largestUpload: 1 });
  const environment = {
    address: undefined,
    allowUpload() {},
    report({ problem }) {
      throw new Error(problem);
    },
  };
  const own = "https://admin.example";
  const password = "correct horse battery";
  const signedIn = await app.fetch(
    new Request(`${own}/setup/${await server.administrator.createSetupLink()}`, {
      method: "POST",
      headers: { Origin: own },
      body: new URLSearchParams({ password, repeated: password }),
    }),
    environment,
  );
  const [cookie = ""] = (signedIn.headers.get("set-cookie") ?? "").split(";");
  const page = (path) => async () => {
    const response = await app.fetch(new Request(own + path, { headers: { Cookie: cookie } }), environment);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
  };
  return {
    "the page of all items": page("/items"),
    "the page of all items, the last one": page(`/items?after=${late.item}`),
    "the page of all items, a search": page("/items?search=app99"),
    "the page of all items, a search that finds nothing": page("/items?search=missing"),
    "the page of one item": page(`/items/${itemId}`),
    "the page of all links": page("/links"),
    "the page of all links, the last one": page(`/links?after=${late.link}`),
    "the page of all links, a search that finds nothing": page("/links?search=missing"),
    "the page of the links to one item": page(`/links?item=${itemId}`),
    "the page of the links to one item, a search that finds nothing": page(`/links?item=${itemId}&search=missing`),
    "the page of one link": page(`/links/${linkId}`),
    "the page of the configuration": page("/configuration"),
    "the audit log": page("/audit"),
  };
}

async function measureEach(queries) {
  const measured = [];
  for (const [name, query] of Object.entries(queries)) measured.push({ name, ms: await fastest(query) });
  return measured.sort((one, other) => other.ms - one.ms);
}

/** An ID near the end of a list, for the last page. */
async function lastEntry(list) {
  let after;
  for (;;) {
    const { next } = await list({ limit: 1000, after });
    if (next === undefined) return after;
    after = next;
  }
}

/** The best of several starts and rounds: another busy process can delay any of them. */
async function measureServer(data, secret) {
  const runs = [];
  for (let count = 0; count < starts; count += 1) runs.push(await measureOnce(data, secret));
  const best = (name) => Math.min(...runs.map((run) => run[name]));
  return { start: best("start"), processor: best("processor"), median: best("median") };
}

/** Starts a depot on the data and requests manifests from it, one after the other. */
async function measureOnce(data, secret) {
  const started = performance.now();
  const args = ["depot", "--data", data, "--public-url", "https://apps.example", "--host", "127.0.0.1", "--port", "0"];
  args.push("--admin", "127.0.0.1:0");
  const child = spawn(process.execPath, [command, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise((resolve, reject) => {
    let output = "";
    child.on("exit", (code) => reject(new Error(`the depot ended with ${code}`)));
    child.stdout.on("data", (text) => {
      output += text;
      const [, found] = / on http:\/\/127\.0\.0\.1:(\d+)/.exec(output) ?? [];
      if (found) resolve(found);
    });
  });
  const start = performance.now() - started;
  child.stdout.resume();
  const agent = new Agent({ keepAlive: true });
  const url = `http://127.0.0.1:${port}/m/${secret}/manifest.plist`;
  let processor = Number.POSITIVE_INFINITY;
  let median = Number.POSITIVE_INFINITY;
  try {
    for (let round = 0; round < rounds; round += 1) {
      const before = processorTime(child.pid);
      const times = [];
      for (let count = 0; count < requests; count += 1) {
        const asked = performance.now();
        await request(url, agent);
        times.push(performance.now() - asked);
      }
      processor = Math.min(processor, (processorTime(child.pid) - before) / requests);
      median = Math.min(median, times.sort((one, other) => one - other)[requests / 2]);
    }
  } finally {
    agent.destroy();
    const ended = new Promise((resolve) => child.removeAllListeners("exit").on("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }
  return { start, processor, median };
}

/** The least time that a manifest can take, in milliseconds: that of an RS256 signature. */
async function measureSignature() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const sign100 = () => {
    for (let count = 0; count < 100; count += 1) sign("sha256", Buffer.from("claims"), privateKey);
  };
  return (await fastest(sign100)) / 100;
}

function request(url, agent) {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      response.resume().on("end", resolve);
    }).on("error", reject);
  });
}

/** The processor time of another process, in milliseconds; Linux counts it in hundredths of a second. */
function processorTime(pid) {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ").slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}

async function fastest(query) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now();
    await query();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

/** Copies the only item, version, channel and link many times, and distributes the receipts over the links. */
function fill(data) {
  const Libsql = createRequire(new URL("../packages/depot/package.json", import.meta.url))("libsql");
  const database = new Libsql(join(data, "depot.db"));
  const numbers = (count) => `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})`;
  database.exec(`
    pragma synchronous = off;
    begin;
    ${numbers(items - 1)} insert into item (id, kind, bundle_identifier, title, created_at)
      select id || i, kind, bundle_identifier || i, title || i, created_at from item, n;
    ${numbers(items - 1)} insert into version (id, item_id, sha256, file_name, metadata, hashes, size, published_at, number, warnings)
      select id || i, item_id || i, sha256 || i, file_name, metadata, hashes, size, published_at, number + i, warnings from version, n;
    ${numbers(items - 1)} insert into channel_change (id, item_id, channel, version_id, changed_at)
      select id || i, item_id || i, channel, version_id || i, changed_at from channel_change, n;
    ${numbers(items - 1)} insert into channel (item_id, name, version_id, changed_at, change_id)
      select item_id || i, name, version_id || i, changed_at, change_id || i from channel, n;
    create temporary table one as select * from link;
    ${numbers(items - 1)} insert into link (id, secret_hash, item_id, channel, recipient, created_at, number)
      select id || i, secret_hash || i, item_id || i, channel, recipient, created_at, number + i from one, n;
    ${numbers(receipts)} insert into receipt (id, link_id, version_id, manifest_at, client, bytes, reached)
      select 'r' || i, one.id || iif(i % ${items} = 0, '', i % ${items}),
        version.id || iif(i % ${items} = 0, '', i % ${items}), ${oldestReceipt} + i, 'curl', 0, 0
      from one, n, (select id from version order by length(id) limit 1) version;
    ${numbers(links)} insert into link (id, secret_hash, item_id, channel, recipient, created_at, number)
      select id || 'of' || i, secret_hash || 'of' || i, item_id, channel, 'iPad ' || i, created_at + 1 + i, ${items} + i from one, n;
    ${numbers(links)} insert into receipt (id, link_id, version_id, manifest_at, client, bytes, reached)
      select 'of' || i, one.id, version.id, ${oldestReceipt + receipts} + i, 'curl', 0, 0
      from one, n, (select id from version order by length(id) limit 1) version;
    commit;
  `);
  database.close();
}

function writeApp(file) {
  const entry = ([key, value]) => `<key>${key}</key><string>${value}</string>`;
  const names = { CFBundleIdentifier: "com.example.app", CFBundleName: "App", CFBundleVersion: "1" };
  const info = `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>${Object.entries(names).map(entry).join("")}</dict></plist>`;
  writeFileSync(file, zipSync({ "Payload/App.app/Info.plist": strToU8(info) }));
}
