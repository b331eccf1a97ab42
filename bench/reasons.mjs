/** Why a peer is ahead, and why a budget is missed. Each reason is shown only where the measurements say so; no figure is written here. */

const guards = ["guard: a repeated token", "guard: each token new"];
const files = ["a file of 64 KiB", "a file of 10 MiB", "a file of 1 GiB"];
const tlsFiles = files.map((group) => group.replace("a file", "a file with TLS"));
const proxies = ["in front of nginx: 64 KiB, a repeated token", "in front of nginx: 64 KiB, each token new"];

/** What is compared: in each of these groups, ours with each peer. */
export const comparisons = [
  { groups: ["a new token"], ours: "gate.check", peers: ["fast-jwt", "jsonwebtoken", "jose", "hono/jwt"] },
  { groups: ["a repeated token"], ours: "gate.check", peers: ["fast-jwt with its cache"] },
  { groups: guards, ours: "@portcullis/koa", peers: ["koa-jwt"] },
  { groups: guards, ours: "@portcullis/node-http in Express", peers: ["express-jwt"] },
  { groups: guards, ours: "@portcullis/fastify", peers: ["@fastify/jwt"] },
  { groups: ["serve: 304"], ours: "serve", peers: ["sirv", "serve-static"] },
  {
    groups: proxies,
    ours: "nginx and portcullis auth",
    peers: ["nginx with @portcullis/nginx", "HAProxy's jwt_verify (signature only) and nginx"],
  },
  { groups: [...files, ...tlsFiles], ours: "portcullis serve", peers: ["sirv", "serve-static", "nginx"] },
];

/** Reasons by the peer that is ahead, as Markdown. */
export const reasonsOfPeers = {
  nginx:
    "The kernel copies the bytes from the disk to the connection (`sendfile`). Node.js has no such call: every byte passes through its memory. If you serve many large files, put [nginx in front](behind-a-web-server.md) and let Portcullis only check the tokens.",
  "HAProxy's jwt_verify (signature only) and nginx":
    "It checks only the signature, in C and in the same process: a token that has expired, or that was issued for another purpose, passes.",
  "@fastify/jwt":
    "Portcullis also removes the token from every URL that Fastify keeps, caches the token, and computes its fingerprint for logs. This pays off when a token is used again, as it is for each part of a download.",
  sirv: "It does not check a token or where symbolic links lead, and writes no log line.",
  "serve-static": "It does not check a token or where symbolic links lead, and writes no log line.",
  "fast-jwt": "Portcullis also reads the URL, accepts only the canonical spelling of a token, and freezes the claims.",
};

const copyOfTheRequest =
  "The handler must not see the token, so it gets a copy of the request with a different URL. The costs of the copy and of the check are [measured separately](measurements.md): on Deno and workerd, the copy is most of the difference; on Bun, the check and the header that is added to the response cost more.";
const guardItself =
  "The gate, the adapter, and the parts of Koa that the adapter calls, as the profile above shows: the handler gets the decision, and the token is removed from the URL. The bare server does none of this.";
const httpOfNode =
  "Almost none of it is in the gate or the adapter, as the profile above shows. The rest is in the HTTP code of Node.js; what makes it slower there is not known.";
const wholeFile = "Each round is a single download, so the figure varies from run to run: see the quartiles.";

/** Reasons by the group and name of a budget, and what it is compared with. */
const reasonsOfBudgets = [
  [
    /^a new token: gate\.check/,
    "Verifying the signature with RSA is most of it, as the profile above shows. The rest is strict decoding, parsing the JSON, reading the URL and validating the claims.",
  ],
  [/^guard: a repeated token: @portcullis\/node-http/, httpOfNode],
  [/^guard: a repeated token: @portcullis\/koa/, guardItself],
  [/^guard: a repeated token: @portcullis\/web-fetch/, copyOfTheRequest],
  [
    /^guard: each token new: @portcullis\/koa/,
    "Most of what a guard costs beyond bare Koa is RSA verification, which koa-jwt needs too.",
  ],
  [
    /^guard: each token new: (bun|deno|workerd), gate\.check alone/,
    "The bare server only verifies the signature. The gate also decodes strictly, parses the JSON, validates the claims and caches the token, as on Node.js.",
  ],
  [
    /^serve: 304/,
    "The bare server sends fixed bytes. `serve` checks the token, opens the file, reads its version, asks the kernel for its path, so that no link leads out of the folder, and writes a line to the log: see the profile above.",
  ],
  [
    /^a file of .* in the cache: cache$/,
    "At each request, the cache asks the origin whether the file is still current.",
  ],
  [/^a file of 1 GiB/, wholeFile],
  [
    /^depot: the start/,
    "Most of the time goes into loading the modules of the depot and its database. It is measured by the clock, so other work on the machine adds to it.",
  ],
];

/** Why a budget is missed; `undefined` if the reason is not known. */
export function reasonOfBudget({ group, name }) {
  return reasonsOfBudgets.find(([pattern]) => pattern.test(`${group}: ${name}`))?.[1];
}
