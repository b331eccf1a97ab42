import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createGate, type GateOptions } from "@portcullis/core";
import { compileForNjs } from "../../packages/nginx/compile.ts";
import { attackCorpus } from "../security/attack-corpus.ts";
import { jsEngine, type Nginx, startNginx } from "../support/nginx.ts";
import { jamfClaims, testTime, webSigningKey, webSignToken } from "../support/web-signing-key.ts";

const key = await webSigningKey();
/** nginx itself refuses targets that are not paths, and a NUL in a path; a target in absolute form selects the server. */
const suite = (await attackCorpus(key)).filter(({ target }) => target.startsWith("/") && !target.startsWith("/f/a%00"));

/** nginx variables, and the options of core that mean the same. */
const settings: Record<string, { variables: string; options?: Partial<GateOptions> }> = {
  "Jamf Pro's policy": { variables: "" },
  "no clock skew": { variables: "set $portcullis_clock_skew 0;", options: { clockSkew: 0 } },
  "a lifetime of ten minutes": {
    variables: "set $portcullis_max_lifetime 600;",
    options: { maxLifetime: 600 },
  },
  "an audience": {
    variables: "set $portcullis_audience downloads;",
    options: { audience: "downloads" },
  },
  "tokens bound to a path": {
    variables: "set $portcullis_path_bound on;",
    options: { pathBound: true },
  },
  "tokens not bound to a path": { variables: "set $portcullis_path_bound off;" },
  "another issuer and subject": {
    variables: "set $portcullis_issuer jss; set $portcullis_subject JamfSetup;",
    options: { issuer: "jss", subject: "JamfSetup" },
  },
  "another parameter": {
    variables: "set $portcullis_token_parameter TOKEN;",
    options: { tokenParameter: "TOKEN" },
  },
};

/** njs with the clock of the tests; nothing else is changed. It returns the engine's name if `engine` is requested. */
const clockModule = `import portcullis from 'portcullis.js';
function check(r) {
  Date.now = function () { return ${testTime} * 1000; };
  return portcullis.check(r);
}
function engine(r) {
  r.return(200, JSON.stringify({ version: njs.version, engine: njs.engine || "njs" }));
}
export default { check, engine };
`;

let nginx: Nginx;
before(async () => {
  const servers = Object.values(settings).map(
    ({ variables }, index) => `server {
      listen SOCKET; server_name s${index}; large_client_header_buffers 4 32k;
      location / { set $portcullis_keys FOLDER/public.pem; ${variables} js_content clock.check; }
      location = /engine { js_content clock.engine; }
    }`,
  );
  nginx = await startNginx(`js_path FOLDER; js_import clock from clock.js; ${servers.join("\n")}`, {
    "portcullis.js": await compileForNjs(),
    "clock.js": clockModule,
    "public.pem": key.publicPem,
  });
});
after(() => nginx?.close());

test("the engine is the requested one", async () => {
  const { version, engine } = JSON.parse((await nginx.get("/engine")).body);
  console.log(`nginx's JavaScript module ${version}, engine ${engine}`);
  assert.equal(engine, jsEngine === "qjs" ? "QuickJS" : "njs");
  assert.ok(version.startsWith(process.env.PORTCULLIS_NGINX_VERSION ?? "0."), version);
});

for (const [index, [name, { options }]] of Object.entries(settings).entries()) {
  test(`nginx and core agree on the whole attack corpus, with ${name}`, async () => {
    const gate = createGate({ keys: key.publicPem, now: () => testTime, ...options });
    const codes = new Set<string>();
    const differences: string[] = [];
    for (const { name: entry, target: url } of suite) {
      const decision = await gate.check(url);
      const expected = decision.allowed ? "204 allowed" : `${decision.status === 401 ? 401 : 403} ${decision.code}`;
      const { status, headers } = await nginx.get(url, { headers: { Host: `s${index}` } });
      const found = `${status} ${headers["portcullis-code"]}`;
      codes.add(found);
      if (found !== expected) differences.push(`${entry}: core ${expected}, nginx ${found}`);
    }
    assert.deepEqual(differences, []);
    assert.ok(codes.size >= 2, `the suite met only ${[...codes].join(", ")}`);
  });
}

test("a target in absolute form has the same path for nginx and core", async () => {
  const token = await webSignToken(key, { ...jamfClaims, aud: "/f/a" });
  const headers = { Host: `s${Object.keys(settings).indexOf("tokens bound to a path")}` };
  for (const [target, code] of [
    ["http://files.example/f/a", "allowed"],
    ["http://files.example/F/a", "path_mismatch"],
    ["http://files.example/f/a/", "path_mismatch"],
  ] as const) {
    const url = `${target}?token=${token}`;
    // nginx chooses the server by the host of such a target, not by the header.
    const response = await nginx.get(url.replace("files.example", headers.Host), { headers });
    assert.equal(response.headers["portcullis-code"], code, target);
  }
});

test("nginx decides every case as the corpus says", async () => {
  const servers = { jamf: "Jamf Pro's policy", pathBound: "tokens bound to a path", audience: "an audience" };
  const wrong: string[] = [];
  for (const { name, policy, target, expected } of suite) {
    const headers = { Host: `s${Object.keys(settings).indexOf(servers[policy])}` };
    const response = await nginx.get(target, { headers });
    const code = response.headers["portcullis-code"];
    if (code !== expected) wrong.push(`${name}: ${response.status} ${code}, not ${expected}`);
  }
  assert.deepEqual(wrong, []);
  assert.ok(suite.length >= 540, `${suite.length} cases`);
});
