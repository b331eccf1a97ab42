/** Why a peer is ahead, and why a budget is missed. Each is shown only where the measurements say so, and no figure is written here. */

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
    "Portcullis also removes the token from every URL that Fastify keeps, caches the token, and computes its fingerprint for logs. For a token that is used again, as for each part of a download, this pays.",
  sirv: "It checks no token, does not check where links lead, and writes no log line.",
  "serve-static": "It checks no token, does not check where links lead, and writes no log line.",
  "fast-jwt":
    "Portcullis also reads the URL, refuses tokens with more than one spelling or with a repeated member, and freezes the claims.",
};

const copyOfTheRequest =
  "The handler must not see the token, so it gets a copy of the request with another URL, a contender of its own above: on Deno, nearly all of the difference. On Bun and workerd, the check and the asynchronous handler are more of it.";
const guardItself =
  "The gate, the decision that the handler gets, and the removal of the token from the URL, as the profile above shows. The bare server does none of this.";
const wholeFile = "One download a round is one sample: see the quartiles.";

/** Reasons by the group and name of a budget, and what it is compared with. */
const reasonsOfBudgets = [
  [/^a new token: gate\.check/, "RSA is the rest. Above it: reading the URL, strict decoding, JSON, and the claims."],
  [/^guard: a repeated token: @portcullis\/(node-http|koa)/, guardItself],
  [/^guard: a repeated token: @portcullis\/web-fetch/, copyOfTheRequest],
  [
    /^guard: each token new: @portcullis\/koa/,
    "RSA, which both verify, is most of what Portcullis takes more than bare Koa.",
  ],
  [
    /^serve: 304/,
    "The bare server sends fixed bytes. `serve` checks the token, opens the file, reads its version, asks the kernel for its path, so that no link leads out of the folder, and writes a line to the log: see the profile above.",
  ],
  [/^a file of .* in the cache/, "The cache asks the origin at each request whether the file is still current."],
  [/^a file of 1 GiB/, wholeFile],
  [
    /^depot: the start/,
    "Loading the modules of the depot and its database; measured by the clock, so that other work on the machine counts.",
  ],
];

/** Why a budget is missed; `undefined` if nothing is known. */
export function reasonOfBudget({ group, name }) {
  return reasonsOfBudgets.find(([pattern]) => pattern.test(`${group}: ${name}`))?.[1];
}
