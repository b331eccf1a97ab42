/** Where the time of small responses and of a new token goes, which explains the budgets that are missed. */
import { withFolder } from "./bench-folder.mjs";
import { profile } from "./profile.mjs";
import { profileNewToken } from "./profile-new-token.mjs";
import { startNode, startServe } from "./start-server.mjs";
import { makeTokens } from "./tokens.mjs";

export function measureProfile() {
  return withFolder(async ({ folder }) => {
    const [token] = makeTokens(1);
    const get = (headers = "") => `GET /64k.pkg?token=${token} HTTP/1.1${headers}`;
    const notModified = { request: () => get("\r\nIf-None-Match: *"), status: 304 };
    const contenders = [
      ...["node:http", "@portcullis/node-http", "koa", "@portcullis/koa"].map((kind) => ({
        name: kind,
        start: () => startNode(kind),
        request: () => get(),
      })),
      { name: "a bare 304", start: () => startNode("fixed 304"), ...notModified },
      { name: "a 304 from serve", start: () => startServe(folder), ...notModified },
    ];
    const measurements = [];
    for (const { name, ...contender } of contenders)
      measurements.push(...(await profile(`profile: ${name}`, contender)));
    return [...measurements, ...(await profileNewToken())];
  });
}
