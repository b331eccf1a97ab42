/** Where the time of a new token goes in the gate. The script runs itself in a process of its own, with the sources of core, so that the profile shows each of their files. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { createGate } from "@portcullis/core";
import { withProfile } from "./profile.mjs";
import { makeTokens, publicPem } from "./tokens.mjs";

const parts = [
  ["verifying the signature with RSA", /^node:internal\/crypto|core\/src\/(rs256|key-ring)/],
  [
    "decoding strictly: segments, base64url, JSON",
    /core\/src\/(compact-jws|base64url|json-object|jose-header)|^node:internal\/encoding/,
  ],
  ["finding the token in the URL", /core\/src\/download-url/],
  ["validating the claims, deciding", /core\/src\//],
  ["collecting garbage", /^\(garbage collector\)$/],
];
const self = fileURLToPath(import.meta.url);
const sources = ["--conditions=@portcullis/source", "--import", "tsx"];

export function profileNewToken() {
  return withProfile(async (args) => {
    const child = spawn(process.execPath, [...args, ...sources, self], { stdio: ["ignore", "pipe", "inherit"] });
    const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
    return { group: "profile of a new token", ...JSON.parse(output) };
  }, parts);
}

/** Prints the processor time of each check. As many checks run first, so that the compiler has optimised the code. */
async function checkTokens(count) {
  const gate = createGate({ keys: publicPem, cacheSize: 0 });
  const urls = makeTokens(400).map((token) => Buffer.from(`/a.ipa?token=${token}`, "latin1"));
  const check = async () => {
    for (let index = 0; index < count; index += 1) await gate.check(urls[index % urls.length].latin1Slice());
  };
  await check();
  const from = Number(process.hrtime.bigint() / 1000n);
  const before = process.cpuUsage();
  await check();
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ from, each: (user + system) / count }));
}

if (process.argv[1] === self) await checkTokens(50_000);
