import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createDataKey, type DepotServer, openDepotServer } from "@portcullis/depot";
import { writeSampleApp } from "../depot/sample-app.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { fuzz } from "./fuzz.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";

const password = "correct horse battery";
const origin = "http://127.0.0.1:9443";
const base = temporaryFolder();
const ipa = readFileSync(writeSampleApp(join(base, "Notes.ipa"), { size: 100 }));
const sha256 = createHash("sha256").update(ipa).digest("hex");
const boundary = "xxxxxxxxxxxx";

/** Not a valid key: the time to import one does not belong to the form. */
const pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n";

/** A request without the headers that identify its sender. */
interface Seed {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

describe("a depot", () => {
  let depot: DepotServer;
  let app: Awaited<ReturnType<DepotServer["createAdminApp"]>>;
  let session: Record<string, string>;
  let api: Record<string, string>;
  let formToken = "";
  let itemId = "";
  let linkId = "";
  const problems: string[] = [];
  /** Makes every request come from a different client, because the limit of attempts is tested elsewhere. */
  let clients = 0;
  const rejections: unknown[] = [];
  const collect = (reason: unknown): void => void rejections.push(reason);

  const fetch = (request: Request): Promise<Response> =>
    Promise.resolve(
      app.fetch(request, {
        address: `10.0.${clients >> 8}.${clients++ & 255}`,
        allowUpload() {},
        report: ({ problem }) => void problems.push(problem),
      }),
    );

  before(async () => {
    process.on("unhandledRejection", collect);
    const publicUrl = "https://apps.example";
    depot = await openDepotServer({ data: join(base, "data"), publicUrl, dataKey: createDataKey("ab".repeat(32)) });
    app = await depot.createAdminApp({ hasTls: false, largestUpload: 100_000 });
    const secret = await depot.administrator.createSetupLink();
    const form = { "Content-Type": "application/x-www-form-urlencoded", Origin: origin };
    const body = new URLSearchParams({ password, repeated: password }).toString();
    const setUp = await fetch(new Request(`${origin}/setup/${secret}`, { method: "POST", headers: form, body }));
    session = { Cookie: setUp.headers.get("set-cookie")?.split(";")[0] ?? "", Origin: origin };
    const page = await (await fetch(new Request(`${origin}/audit`, { headers: session }))).text();
    formToken = /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? "";
    assert.notEqual(formToken, "");
    api = { Authorization: `Bearer ${(await depot.apiTokens.create({ name: "CI" })).token}` };
    itemId = (await depot.publish(join(base, "Notes.ipa"), { channel: "release" })).itemId;
    linkId = (await depot.links.create({ item: itemId, channel: "release", recipient: "iPad" })).id;
  });
  after(async () => {
    await depot.close();
    process.off("unhandledRejection", collect);
  });

  /** A header value that a server's parser accepts. */
  const headerValue = (bytes: Buffer): string =>
    bytes
      .toString("latin1")
      .replace(/[^\t\x20-\x7e\x80-\xff]/g, "")
      .trim();

  function change(random: Random, seed: Seed): Seed {
    const one = (text: string): string => (random.once(3) ? headerValue(mutate(random, Buffer.from(text))) : text);
    const headers = Object.fromEntries(Object.entries(seed.headers).map(([name, value]) => [name, one(value)]));
    const path = random.once(4) ? `/${encodeURI(one(seed.path.slice(1)))}` : seed.path;
    const body = random.once(4) ? seed.body : mutate(random, Buffer.from(seed.body)).subarray(0, 8192);
    return { method: seed.method, path, headers, body };
  }

  /**
   * Sends mutated requests: each is done, or refused with a status that says why, and no refusal of 8 KiB takes 5 ms of processor time.
   */
  async function fuzzRequests(name: string, seeds: () => readonly Seed[], who: () => Record<string, string>) {
    const refused = new Map<number, number>();
    await fuzz(
      name,
      (random) => change(random, random.pick(seeds())),
      async ({ method, path, headers, body }) => {
        const send = async (): Promise<number> => {
          const before = process.cpuUsage();
          const hasBody = method !== "GET" && method !== "HEAD";
          const response = await fetch(
            new Request(origin + path, {
              method,
              headers: { ...headers, ...who() },
              ...(hasBody && { body: new Uint8Array(Buffer.from(body)) }),
            }),
          );
          const text = await response.text();
          const { user, system } = process.cpuUsage(before);
          assert.deepEqual(problems.splice(0), [], "something failed that was not refused");
          // 501: an extension of the protocol tus that the depot does not have.
          assert.ok(response.status < 500 || response.status === 501, `${response.status} ${text}`);
          assert.equal(text.includes(password), false);
          if (response.status < 400) return 0; // an accepted request can wait for the disk
          refused.set(response.status, (refused.get(response.status) ?? 0) + 1);
          return (user + system) / 1000;
        };
        // The shortest of many rounds: other work of this process is in some of them, but slow code is slow in all.
        let least = Number.POSITIVE_INFINITY;
        for (let round = 0; round < 100 && least >= 5; round += 1) least = Math.min(least, await send());
        assert.ok(least < 5, `${least} ms`);
        // Every rejected promise has been reported by now.
        await new Promise(setImmediate);
        assert.deepEqual(rejections, []);
      },
    );
    assert.ok(refused.size > 1, "requests are refused, and for several reasons");
  }

  const form = (path: string, fields: Readonly<Record<string, string>>): Seed => ({
    method: "POST",
    path,
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ form_token: formToken, ...fields }).toString(),
  });
  const multipart = (path: string, fields: Readonly<Record<string, string>>, file: Buffer): Seed => ({
    method: "POST",
    path,
    headers: { "Content-Type": `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([
      ...Object.entries({ form_token: formToken, ...fields }).map(([name, value]) =>
        Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`),
      ),
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="Notes.ipa"\r\nContent-Type: application/octet-stream\r\n\r\n`,
      ),
      file,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]),
  });

  test("forms: each is done, or refused with what is wrong", async () => {
    const seeds = () => [
      form("/configuration", { display_name: "Depot", token_expiry: "30", key_source: "keep", enabled: "yes" }),
      form("/configuration", { display_name: "Depot", token_expiry: "30", key_source: "paste", pasted_key: pem }),
      form("/links", { item: itemId, channel: "release", recipient: "iPad 0117", days: "400" }),
      form(`/items/${itemId}/promote`, { from: "beta", to: "release" }),
      form(`/items/${itemId}/roll-back`, { channel: "release" }),
      form(`/items/${itemId}/choose`, { channel: "release", version: itemId }),
      form(`/links/${linkId}/revoke`, {}),
      form("/items/publish", { upload: sha256, file_name: "Notes.ipa", channel: "beta" }),
      form("/account/tokens", { name: "CI", days: "30" }),
      multipart("/items/upload", { channel: "beta" }, ipa),
      multipart(
        "/configuration",
        { display_name: "Depot", token_expiry: "30", key_source: "upload" },
        Buffer.from(pem),
      ),
    ];
    await fuzzRequests("forms", seeds, () => session);
  });

  test("the API and uploads: each request is done, or refused with what is wrong", async () => {
    const json = (path: string, body: object): Seed => ({
      method: "POST",
      path,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const id = randomBytes(16).toString("hex");
    const tus = (method: string, path: string, headers: Record<string, string>, body: string | Buffer = ""): Seed => ({
      ...{ method, path, body },
      headers: { "Tus-Resumable": "1.0.0", ...headers },
    });
    const chunk = { "Content-Type": "application/offset+octet-stream" };
    const metadata = `sha256 ${Buffer.from(sha256).toString("base64")},filename Tm90ZXM=`;
    const seeds = () => [
      json("/api/versions", { upload: sha256, fileName: "Notes.ipa", channel: "beta", hosting: "data-folder" }),
      json("/api/links", { item: "com.example.notes", channel: "release", recipient: "iPad", days: 3 }),
      tus("POST", "/api/uploads", { "Upload-Length": String(ipa.length), "Upload-Metadata": metadata }),
      tus("POST", "/api/uploads", { "Upload-Length": String(ipa.length), "Upload-Metadata": metadata, ...chunk }, ipa),
      tus("POST", "/api/uploads", { "Upload-Defer-Length": "1", "Upload-Concat": "final;/api/uploads/a" }),
      tus("PATCH", `/api/uploads/${sha256}`, { "Upload-Offset": "0", ...chunk }, ipa),
      tus("PATCH", `/api/uploads/${id}`, { "Upload-Offset": "0", "Upload-Checksum": "sha1 AAAA", ...chunk }, ipa),
      tus("HEAD", `/api/uploads/${sha256}`, {}),
      tus("DELETE", `/api/uploads/${sha256}`, {}),
      tus("OPTIONS", "/api/uploads", { "X-HTTP-Method-Override": "PATCH" }),
    ];
    await fuzzRequests("API", seeds, () => api);
  });

  test("Jamf's API: each request is done, or refused with what is wrong", async () => {
    const xml =
      "<json_web_token_configuration><name>Depot</name><disabled>false</disabled><token_expiry>30</token_expiry></json_web_token_configuration>";
    const seeds = (): readonly Seed[] => [
      {
        method: "PUT",
        path: "/JSSResource/jsonwebtokenconfigurations/id/1",
        headers: { Accept: "text/xml;q=0.9,application/json" },
        body: xml,
      },
      { method: "POST", path: "/JSSResource/jsonwebtokenconfigurations/id/0", headers: {}, body: xml },
      {
        method: "GET",
        path: "/JSSResource/jsonwebtokenconfigurations",
        headers: { Accept: "application/json;q=0.5" },
        body: "",
      },
      { method: "POST", path: "/api/v1/auth/invalidate-token", headers: { Accept: "*/*" }, body: "" },
    ];
    const basic = Buffer.from(`administrator:${password}`).toString("base64");
    const signedIn = await fetch(
      new Request(`${origin}/api/v1/auth/token`, { method: "POST", headers: { Authorization: `Basic ${basic}` } }),
    );
    let { token } = (await signedIn.json()) as { token: string };
    const renew = (): Record<string, string> => ({ Authorization: `Bearer ${token}` });
    await fuzzRequests("Jamf's API", seeds, renew);
    token = "";
  });
});
