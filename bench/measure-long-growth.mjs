/** How costs grow up to numbers that no real server reaches: ten million tokens, ten thousand connections. */
import { randomFillSync } from "node:crypto";
import { createGate, importKeys } from "@portcullis/core";
import { heap, measureConnections, microseconds } from "./measure-growth.mjs";
import { makeTokens, publicPem } from "./tokens.mjs";

const tokens = 10_000_000;
const parts = 100;
const group = "growth: 10 million tokens";

export async function measureLongGrowth(settings) {
  return [
    // One process would need more open files than most systems allow: two and a half for each connection.
    ...(await measureConnections(settings, [100, 10_000], 2)),
    ...(await measureTokens("valid ones, without RSA", await acceptingKey(), validTokens)),
    ...(await measureTokens("forged ones", publicPem, forgedTokens)),
  ];
}

/** Signing ten million tokens would take hours, so this key accepts every signature: what remains is the work that could grow. */
async function acceptingKey() {
  const [key] = await importKeys(publicPem);
  return { ...key, verify: () => true };
}

/**
 * The cost of a token in the second and in the last tenth, and how much the heap has grown at the end. The tokens of each part
 * are made before it is measured.
 */
async function measureTokens(name, keys, make) {
  const gate = createGate({ keys });
  const times = [];
  await gate.check("/");
  const before = heap();
  for (let part = 0; part < parts; part += 1) times.push(await checkAll(gate, make(tokens / parts, part)));
  const growth = (heap() - before) / 2 ** 20;
  await gate.check("/"); // or the gate would have been collected too
  return [
    { group, name: `${name}: the second tenth`, unit: "µs", rounds: times.slice(parts / 10, parts / 5) },
    { group, name: `${name}: the last tenth`, unit: "µs", rounds: times.slice(-parts / 10) },
    { group: `${group}, memory`, name, unit: "MB", rounds: [growth] },
  ];
}

/** A function of its own, so that the URLs are garbage by the time the heap is measured. */
function checkAll(gate, urls) {
  return microseconds(urls.length, (index) => gate.check(urls[index]));
}

const header = Buffer.from('{"alg":"RS256"}').toString("base64url");

function validTokens(count, part) {
  const now = Math.floor(Date.now() / 1000);
  const signature = Buffer.alloc(256);
  return Array.from({ length: count }, (_, index) => {
    const exp = now + 86_400 + (part * count + index) / 10_000_000;
    const payload = Buffer.from(JSON.stringify({ sub: "AppManifest", iss: "JSS", exp })).toString("base64url");
    return `/a.ipa?token=${header}.${payload}.${randomFillSync(signature).toString("base64url")}`;
  });
}

const [genuine] = makeTokens(1);

function forgedTokens(count, part) {
  const start = genuine.slice(0, -9);
  return Array.from(
    { length: count },
    (_, index) => `/?token=${start}${String(part * count + index).padStart(8, "0")}A`,
  );
}
