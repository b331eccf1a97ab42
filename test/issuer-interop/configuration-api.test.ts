import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createConfigurationApi, createConfigurationStore, createIssuer } from "@portcullis/issuer";
import { privateKeyPem } from "../support/private-key.ts";

const key = privateKeyPem();
const otherKey = privateKeyPem();
const keyIdOf = (encryptionKey: string) => createIssuer({ displayName: "Lab", encryptionKey, tokenExpiry: 5 }).keyId;
const collection = "https://lab.example/proclassic/JSSResource/jsonwebtokenconfigurations";

function instance() {
  const store = createConfigurationStore();
  const handle = createConfigurationApi(store, {
    authorize: ({ headers }) => headers.get("authorization") === "Bearer secret",
  });
  const call = (
    method: string,
    path = "",
    body?: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
  ) =>
    handle(
      new Request(collection + path, {
        method,
        headers: { Authorization: "Bearer secret", ...headers },
        ...(body === undefined ? {} : { body }),
      }),
    );
  return { store, handle, call };
}

const xml = (members: Record<string, unknown>) => {
  const elements = Object.entries(members).map(([name, value]) => `<${name}>${value}</${name}>`);
  return `<json_web_token_configuration>${elements.join("")}</json_web_token_configuration>`;
};
const asJson = { Accept: "application/json" };

describe("the acceptance steps of Jamf's Terraform provider", () => {
  test("create, rename, rotate the key, disable, enable, look up, import, destroy", async () => {
    const { store, call } = instance();
    const created = await call("POST", "/id/0", xml({ name: "acc", encryption_key: key, token_expiry: 30 }));
    assert.equal(created.status, 201);
    assert.equal(
      await created.text(),
      '<?xml version="1.0" encoding="UTF-8"?><json_web_token_configuration><id>1</id></json_web_token_configuration>',
    );
    const read = async () => {
      const response = await call("GET", "/id/1", undefined, asJson);
      assert.equal(response.status, 200);
      return ((await response.json()) as { json_web_token_configuration: object }).json_web_token_configuration;
    };
    const put = async (members: Record<string, unknown>) => {
      const response = await call("PUT", "/id/1", xml(members));
      assert.deepEqual([response.status, await response.text()], [201, ""]);
    };
    // Jamf's provider omits `enabled`, and absorbs the default.
    assert.deepEqual(await read(), { id: 1, name: "acc", disabled: false, token_expiry: 30 });

    await put({ name: "acc-renamed", token_expiry: 60 });
    assert.deepEqual(await read(), { id: 1, name: "acc-renamed", disabled: false, token_expiry: 60 });
    assert.equal(store.issuer(1).keyId, keyIdOf(key));

    await put({ name: "acc-renamed", encryption_key: otherKey, token_expiry: 60 });
    assert.equal(store.issuer(1).keyId, keyIdOf(otherKey));

    await put({ disabled: true });
    assert.equal(((await read()) as { disabled: boolean }).disabled, true);
    await put({ disabled: false });

    // The data source finds a configuration by name in the list, and reads its members from there.
    const list = await call("GET", "", undefined, asJson);
    assert.deepEqual(await list.json(), { json_web_token_configurations: [await read()] });
    assert.match(await (await call("GET")).text(), /<token_expiry>60<\/token_expiry>/);

    assert.equal((await call("DELETE", "/id/1")).status, 200);
    for (const method of ["GET", "DELETE"]) assert.equal((await call(method, "/id/1")).status, 404);
    assert.equal((await call("PUT", "/id/1", xml({}))).status, 404);
  });

  test("differ on purpose for a key that is not PEM, which Jamf Pro stores and cannot sign with", async () => {
    const { call } = instance();
    const dummy = Buffer.from("dummy key").toString("base64");
    const response = await call("POST", "/id/0", xml({ name: "acc", encryption_key: dummy, token_expiry: 30 }));
    assert.equal(response.status, 409);
    const message = await response.text();
    assert.match(message, /^encryptionKey: it contains no key\. Use an RSA private key/);
    assert.ok(!message.includes(dummy));
  });
});

describe("a request", () => {
  const fields = { name: "Lab", encryption_key: key, token_expiry: 5 };

  test("that is not authorized gets 401, and nothing is read or changed", async () => {
    const { store, handle, call } = instance();
    for (const authorization of [undefined, "Bearer wrong"]) {
      for (const [method, path] of [
        ["GET", ""],
        ["POST", "/id/0"],
        ["PUT", "/id/1"],
        ["DELETE", "/id/1"],
      ] as const) {
        const headers: Record<string, string> = authorization ? { authorization } : {};
        const body = method === "POST" || method === "PUT" ? { body: xml(fields) } : {};
        assert.equal((await handle(new Request(collection + path, { method, headers, ...body }))).status, 401);
      }
    }
    assert.deepEqual(JSON.parse(store.list("json")), { json_web_token_configurations: [] });
    assert.equal((await call("GET")).status, 200);
  });

  test("is allowed only by true, not by other truthy values", async () => {
    const handle = createConfigurationApi(createConfigurationStore(), { authorize: () => "no" as never });
    assert.equal((await handle(new Request(collection))).status, 401);
  });

  test("for a second configuration gets 409, a malformed body 400, a long one 413", async () => {
    const { call } = instance();
    assert.equal((await call("POST", "/id/0", "<computer/>")).status, 400);
    assert.equal((await call("POST", "/id/0", "x".repeat(65 * 1024))).status, 413);
    assert.equal((await call("POST", "/id/0", xml({ ...fields, token_expiry: 121 }))).status, 409);
    assert.equal((await call("POST", "/id/0", JSON.stringify(fields))).status, 201);
    assert.equal((await call("POST", "/id/0", xml(fields))).status, 409);
    assert.equal((await call("POST", "/id/7", xml(fields))).status, 400);
  });

  test("for another path gets 404, with another method 405 and the methods that exist", async () => {
    const { call } = instance();
    for (const path of ["/name/Lab", "/id/x", "/id/", "x"]) assert.equal((await call("GET", path)).status, 404, path);
    const patch = await call("PATCH", "/id/1", "{}");
    assert.deepEqual([patch.status, patch.headers.get("allow")], [405, "GET, HEAD, POST, PUT, DELETE"]);
    assert.equal((await call("DELETE")).headers.get("allow"), "GET, HEAD");
  });

  test("in any encoding that XML declares stores the name as it is, and one with other bytes gets 400", async () => {
    const { call, store } = instance();
    const declared = (encoding: string, name: string) =>
      `<?xml version="1.0" encoding="${encoding}"?>${xml({ ...fields, name })}`;
    await call("POST", "/id/0", xml(fields));
    const bodies = [
      Buffer.from(declared("UTF-8", "Söhne 1")),
      Buffer.from(declared("ISO-8859-1", "Söhne 2"), "latin1"),
      Buffer.from(`\uFEFF${declared("UTF-16", "Söhne 3")}`, "utf16le"),
      Buffer.from(JSON.stringify({ name: "Söhne 4" })),
    ];
    for (const [index, body] of bodies.entries()) {
      assert.equal((await call("PUT", "/id/1", body)).status, 201);
      assert.equal(store.issuer(1).displayName, `Söhne ${index + 1}`);
    }
    const wrong = await call("PUT", "/id/1", Buffer.from(declared("UTF-8", "Söhne"), "latin1"));
    assert.deepEqual([wrong.status, store.issuer(1).displayName], [400, "Söhne 4"]);
    assert.match(await wrong.text(), /it is not valid UTF-8/);
  });

  test("gets the format that it prefers, and XML if it prefers none", async () => {
    const { call } = instance();
    for (const [accept, format] of [
      // As Jamf's own Go client sends it.
      ["image/*;q=0.7,application/xml;q=0.65,text/xml;q=0.64,application/json;q=0.5,*/*;q=0.05", "xml"],
      ["application/json", "json"],
      ["Application/JSON; charset=utf-8, */*", "json"],
      ["application/json;q=0.9, text/xml;q=0.1", "json"],
      ["application/xml, application/json", "xml"],
      ["application/json;q=0", "xml"],
      ["text/html, */*", "xml"],
    ] as const) {
      const { headers } = await call("GET", "", undefined, { Accept: accept });
      assert.match(headers.get("content-type") ?? "", new RegExp(format), accept);
    }
  });

  test("by HEAD gets what GET gets, without the body", async () => {
    const { call } = instance();
    await call("POST", "/id/0", xml(fields));
    for (const path of ["", "/id/1"]) assert.equal((await call("HEAD", path)).status, 200);
    assert.equal((await call("HEAD", "/id/2")).status, 404);
  });

  test("never returns the key", async () => {
    const { call } = instance();
    const secret = key.split("\n")[3] as string;
    const responses = [await call("POST", "/id/0", xml(fields)), await call("GET"), await call("GET", "/id/1")];
    for (const response of responses) {
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.ok(!(await response.text()).includes(secret));
    }
  });
});
