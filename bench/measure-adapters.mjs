/** Servers with a guard, compared with the same server without one, and with the guards of other libraries. */
import { withFolder } from "./bench-folder.mjs";
import { race } from "./race.mjs";
import { runtime, startFetch, startNode } from "./start-server.mjs";
import { makeTokens } from "./tokens.mjs";

const frameworks = [
  ["node:http", "@portcullis/node-http"],
  ["koa", "@portcullis/koa", "koa-jwt"],
  ["express", "@portcullis/node-http in Express", "express-jwt"],
  ["fastify", "@portcullis/fastify", "@fastify/jwt"],
];

export async function measureAdapters({ rounds, count, warmUp, fresh }) {
  const measurements = [];
  for (const kinds of frameworks) {
    measurements.push(...(await raceWith(kinds, repeated(), { rounds, count, warmUp })));
  }
  for (const kinds of frameworks.slice(1)) {
    const guarded = kinds.slice(1);
    const requests = allDifferent(fresh.warmUp + rounds * fresh.count);
    measurements.push(...(await raceWith(guarded, requests, { rounds, ...fresh })));
  }
  await withFolder(async ({ folder }) => {
    for (const name of ["bun", "deno", "workerd"].filter(runtime)) {
      const guarded = [`@portcullis/web-fetch on ${name}`, "guarded"];
      const check = [`${name}, gate.check alone`, "checking"];
      const copy = [`${name}, asynchronous, with a copy of the request`, "copying"];
      const contenders = (kinds, request) =>
        kinds.map(([title, kind]) => ({ name: title, start: () => startFetch(folder, name, kind), request }));
      const { group, request } = repeated();
      const usual = contenders([[`${name}, bare`, "bare"], copy, check, guarded], request);
      measurements.push(...(await race(group, usual, { rounds, count, warmUp, connections: 8 })));
      const different = allDifferent(fresh.warmUp + rounds * fresh.count);
      const verifying = contenders([[`${name}, bare verification`, "verifying"], check, guarded], different.request);
      measurements.push(...(await race(different.group, verifying, { rounds, ...fresh, connections: 8 })));
    }
  });
  return measurements;
}

function raceWith(kinds, { group, request }, settings) {
  const contenders = kinds.map((kind) => ({ name: kind, start: () => startNode(kind), request }));
  return race(group, contenders, { ...settings, connections: 8 });
}

function repeated() {
  const [token] = makeTokens(1);
  return { group: "guard: a repeated token", request: () => line(token) };
}

/** Each server gets the same tokens, and each token only once. */
function allDifferent(count) {
  const tokens = makeTokens(count);
  return { group: "guard: each token new", request: (index) => line(tokens[index]) };
}

const line = (token) => `GET /a.ipa?token=${token} HTTP/1.1`;
