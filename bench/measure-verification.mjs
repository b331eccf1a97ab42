/** Functions that verify a token, without a server: a token never seen before, and one seen before. */
import { verify } from "node:crypto";
import { createGate } from "@portcullis/core";
import { createVerifier } from "fast-jwt";
import { verify as honoVerify } from "hono/jwt";
import { importSPKI, jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { measure } from "mitata";
import { makeTokens, publicKey, publicPem } from "./tokens.mjs";

export async function measureVerification({ rounds }) {
  const tokens = makeTokens(400);
  let turn = 0;
  const bare = tokens.map((token) => {
    const dot = token.lastIndexOf(".");
    return [Buffer.from(token.slice(0, dot)), Buffer.from(token.slice(dot + 1), "base64url")];
  });
  const gate = createGate({ keys: publicPem, cacheSize: 0 });
  const cached = createGate({ keys: publicPem });
  const fastJwt = createVerifier({ key: publicPem, algorithms: ["RS256"], cache: false });
  const fastJwtCached = createVerifier({ key: publicPem, algorithms: ["RS256"], cache: 10_000 });
  const joseKey = await importSPKI(publicPem, "RS256");
  // Each call makes its string from these bytes, as a server does: no engine has seen it before.
  const tokenBytes = tokens.map((token) => Buffer.from(token, "latin1"));
  const urlBytes = tokens.map((token) => Buffer.from(`/a.ipa?token=${token}`, "latin1"));
  const fresh = (bytes) => bytes[turn++ % bytes.length].latin1Slice();

  return [
    ...(await race("a new token", rounds, {
      "crypto.verify": () => {
        const [input, signature] = bare[turn++ % bare.length];
        return verify("sha256", input, publicKey, signature);
      },
      "gate.check": () => gate.check(fresh(urlBytes)),
      "fast-jwt": () => fastJwt(fresh(tokenBytes)),
      jsonwebtoken: () => jsonwebtoken.verify(fresh(tokenBytes), publicKey, { algorithms: ["RS256"] }),
      jose: () => jwtVerify(fresh(tokenBytes), joseKey),
      "hono/jwt": () => honoVerify(fresh(tokenBytes), publicPem, "RS256"),
    })),
    ...(await race("a repeated token", rounds, {
      "gate.check": () => cached.check(fresh(urlBytes)),
      "fast-jwt with its cache": () => fastJwtCached(fresh(tokenBytes)),
    })),
    ...(await allocations("a repeated token, memory", rounds, await contendersForMemory(cached, urlBytes[0]))),
  ];
}

/** The same decision without a gate shows how much of the memory is the decision itself and its promise. */
async function contendersForMemory(gate, bytes) {
  const url = bytes.latin1Slice();
  const { claims, keyId } = await gate.check(url);
  return {
    "gate.check": () => gate.check(url),
    "the decision alone": async () => ({
      allowed: true,
      claims,
      expiresAt: new Date(claims.exp * 1000),
      keyId,
      cached: true,
    }),
  };
}

/** Bytes that each call allocates on the heap; few enough calls that the garbage is not collected in between. */
async function allocations(group, rounds, contenders) {
  const measurements = [];
  for (const [name, call] of Object.entries(contenders)) {
    for (let warmUp = 0; warmUp < 100_000; warmUp += 1) await call();
    const bytes = [];
    for (let round = 0; round < rounds; round += 1) {
      global.gc();
      const before = process.memoryUsage().heapUsed;
      for (let count = 0; count < 500; count += 1) await call();
      bytes.push((process.memoryUsage().heapUsed - before) / 500);
    }
    measurements.push({ group, name, unit: "B", rounds: bytes });
  }
  return measurements;
}

/**
 * Microseconds for each call; the contenders take turns. mitata measures batches of 64 calls or more, and the fastest batch
 * of a round counts: the others are slower only because of other work on the machine.
 */
async function race(group, rounds, contenders) {
  const series = Object.entries(contenders).map(([name, call]) => ({ group, name, unit: "µs", call, rounds: [] }));
  for (let round = 0; round < rounds + 1; round += 1) {
    for (const { call, rounds: times } of series) {
      const { min } = await measure(call, { min_cpu_time: 5e7, batch_samples: 64 });
      // The first round is for the compiler.
      if (round > 0) times.push(min / 1000);
    }
  }
  return series.map(({ call: _, ...rest }) => rest);
}
