import { verify } from "node:crypto";
import { createGate } from "@portcullis/core";
import { createVerifier } from "fast-jwt";
import { verify as honoVerify } from "hono/jwt";
import { importSPKI, jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { makeTokens, publicKey, publicPem } from "./tokens.mjs";

const tokens = makeTokens(400);
const rounds = 25;

/** Microseconds for one token, the least of several rounds that take turns, for all contenders at once. */
async function race(contenders) {
  const least = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, verify] of Object.entries(contenders)) {
      const start = performance.now();
      for (const token of tokens) await verify(token);
      const time = ((performance.now() - start) * 1000) / tokens.length;
      least[name] = Math.min(least[name] ?? Number.POSITIVE_INFINITY, time);
    }
  }
  return least;
}

/** The same text in a string that no one has seen before, as a request brings it. */
const fresh = (token) => Buffer.from(token, "latin1").toString("latin1");

export async function measureVerification() {
  const bare = tokens.map((token) => {
    const dot = token.lastIndexOf(".");
    return [Buffer.from(token.slice(0, dot)), Buffer.from(token.slice(dot + 1), "base64url")];
  });
  let turn = 0;
  const gate = createGate({ keys: publicPem, cacheSize: 0 });
  const cached = createGate({ keys: publicPem });
  const fastJwt = createVerifier({ key: publicPem, algorithms: ["RS256"], cache: false });
  const fastJwtCached = createVerifier({ key: publicPem, algorithms: ["RS256"], cache: 10_000 });
  const joseKey = await importSPKI(publicPem, "RS256");

  const first = await race({
    "crypto.verify": () => {
      const [input, signature] = bare[turn++ % bare.length];
      return verify("sha256", input, publicKey, signature);
    },
    ours: (token) => gate.check(`/a.ipa?token=${token}`),
    "fast-jwt": (token) => fastJwt(token),
    jose: (token) => jwtVerify(token, joseKey),
    jsonwebtoken: (token) => jsonwebtoken.verify(token, publicKey, { algorithms: ["RS256"] }),
    "hono/jwt": (token) => honoVerify(token, publicPem, "RS256"),
  });
  const again = await race({
    ours: (token) => cached.check(fresh(`/a.ipa?token=${token}`)),
    "fast-jwt": (token) => fastJwtCached(fresh(token)),
  });
  const ratio = (name) => first[name] / first["crypto.verify"];
  const peers = ["fast-jwt", "jose", "jsonwebtoken", "hono/jwt"];
  const againRatio = again.ours / again["fast-jwt"];
  return [
    {
      what: "`gate.check`, a token never seen, against bare `crypto.verify`",
      budget: "≤ 1.10 ×",
      measured: `${ratio("ours").toFixed(2)} × (${first.ours.toFixed(1)} µs)`,
      beside: peers.map((name) => `${name} ${ratio(name).toFixed(1)} ×`).join(", "),
      kept: ratio("ours") <= 1.1,
    },
    {
      what: "`gate.check`, a token seen before, against fast-jwt with its cache",
      budget: "≤ 0.5 ×",
      measured: `${againRatio.toFixed(2)} × (${again.ours.toFixed(2)} µs)`,
      beside: `fast-jwt ${again["fast-jwt"].toFixed(2)} µs`,
      kept: againRatio <= 0.5,
    },
  ];
}
