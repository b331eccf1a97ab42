/** `portcullis serve` and `auth` for small responses, and every way to put the check in front of nginx and HAProxy. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { sirvTag, withFolder } from "./bench-folder.mjs";
import { race } from "./race.mjs";
import {
  isInstalled,
  publicKeyFile,
  startAuth,
  startHaproxy,
  startNginx,
  startNode,
  startServe,
  startSocket,
  together,
} from "./start-server.mjs";
import { makeTokens } from "./tokens.mjs";

const client = "\r\nUser-Agent: com.apple.appstored/1.0 iOS/17.4.1 model/iPhone15,2";
const module = fileURLToPath(new URL("../packages/nginx/dist/portcullis.js", import.meta.url));
const njs = "/usr/lib/nginx/modules/ngx_http_js_module.so";

export function measureCommand({ rounds, count, warmUp, fresh }) {
  return withFolder(async ({ folder }) => {
    const settings = { rounds, count, warmUp, connections: 8 };
    const [token] = makeTokens(1);
    const tokens = makeTokens(fresh.warmUp + rounds * fresh.count);
    const forged = (index) => `${token.slice(0, -9)}${String(index).padStart(8, "0")}A`;
    const get = (query, headers = "") => `GET /64k.pkg${query} HTTP/1.1${client}${headers}`;
    const subrequest = (query) => `GET /auth HTTP/1.1${client}\r\nX-Original-URI: /64k.pkg${query}`;
    const repeated = () => get(`?token=${token}`);
    const different = (index) => get(`?token=${tokens[index]}`);

    const small = [
      ...(await race(
        "serve: 401",
        [
          { name: "fixed 401", start: () => startNode("fixed 401"), request: () => get("") },
          { name: "serve, no token", start: () => startServe(folder), request: () => get("") },
          {
            name: "serve, forged token",
            start: () => startServe(folder),
            request: (index) => get(`?token=${forged(index)}`),
          },
        ].map((contender) => ({ ...contender, status: 401 })),
        settings,
      )),
      ...(await race(
        "serve: 304",
        [
          { name: "fixed 304", start: () => startNode("fixed 304") },
          { name: "serve", start: () => startServe(folder) },
          { name: "sirv", start: () => startNode("sirv", folder) },
          { name: "serve-static", start: () => startNode("serve-static", folder) },
        ].map((contender) => {
          const condition = contender.name === "sirv" ? `If-None-Match: ${sirvTag(folder)}` : "If-None-Match: *";
          return { ...contender, status: 304, request: () => get(`?token=${token}`, `\r\n${condition}`) };
        }),
        settings,
      )),
      ...(await race(
        "auth: a subrequest on a Unix socket",
        [
          {
            name: "fixed 204",
            start: () => startSocket(folder, "fixed 204"),
            request: () => subrequest(`?token=${token}`),
          },
          {
            name: "auth, a repeated token",
            start: () => startAuth(folder),
            request: () => subrequest(`?token=${token}`),
          },
          {
            name: "auth, each token new",
            start: () => startAuth(folder),
            request: (index) => subrequest(`?token=${tokens[index]}`),
            ...fresh,
          },
        ].map((contender) => ({ ...contender, status: 204 })),
        settings,
      )),
    ];
    if (!isInstalled("nginx")) return small;

    const nginx = () => startNginx(folder, { server: `root ${folder};` });
    const contenders = [
      { name: "nginx alone", start: nginx },
      { name: "nginx and portcullis auth", start: () => startAuthRequest(folder) },
    ];
    if (existsSync(njs)) contenders.push({ name: "nginx with @portcullis/nginx", start: () => startModule(folder) });
    if (isInstalled("haproxy")) {
      const check = `  http-request deny deny_status 401 unless { url_param(token),jwt_verify("RS256","${publicKeyFile(folder)}") 1 }`;
      contenders.push({ name: "HAProxy and nginx", start: async () => startHaproxy(folder, "", await nginx()) });
      contenders.push({
        name: "HAProxy's jwt_verify (signature only) and nginx",
        start: async () => startHaproxy(folder, check, await nginx()),
      });
    }
    for (const [group, request] of [
      ["in front of nginx: 64 KiB, a repeated token", repeated],
      ["in front of nginx: 64 KiB, each token new", different],
    ]) {
      small.push(
        ...(await race(
          group,
          contenders.map((contender) => ({ ...contender, request })),
          { ...settings, ...fresh },
        )),
      );
    }
    return small;
  });
}

async function startAuthRequest(folder) {
  const auth = await startAuth(folder);
  const front = await startNginx(folder, {
    http: `upstream portcullis { server unix:${auth.to.socket}; keepalive 8; keepalive_requests 1000000; }`,
    server: `root ${folder}; location / { auth_request /_portcullis; add_header Cache-Control private; }
      location = /_portcullis { internal; proxy_pass http://portcullis/auth; proxy_http_version 1.1;
        proxy_pass_request_headers off; proxy_pass_request_body off; proxy_set_header Content-Length "";
        proxy_set_header Connection ""; proxy_set_header Host portcullis; proxy_set_header User-Agent $http_user_agent;
        proxy_set_header X-Original-URI $request_uri; }`,
  });
  return together(front, auth);
}

function startModule(folder) {
  return startNginx(folder, {
    modules: `load_module ${njs};`,
    http: `js_import portcullis from ${module};`,
    server: `root ${folder}; location / { auth_request /_portcullis; add_header Cache-Control private; }
      location = /_portcullis { internal; set $portcullis_keys ${publicKeyFile(folder)}; js_content portcullis.check; }`,
  });
}
