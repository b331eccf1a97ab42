import assert from "node:assert/strict";
import { guard } from "@portcullis/web-fetch";
import { sendRaw } from "../contract/send-raw.ts";
import { jamfClaims, type SigningKey, signToken } from "../support/signing-key.ts";

/** A token like Jamf Pro's, valid for ten minutes from now, because the README's code uses the real clock. */
export function freshToken(key: SigningKey, lifetime = 600): string {
  return signToken(key, { ...jamfClaims, exp: Math.floor(Date.now() / 1000) + lifetime });
}

/**
 * Asserts that a running server serves a file with this content at this path only with a token, and refuses with exactly
 * the response of the guard: status, headers and problem document.
 */
export async function assertGuardsFile(port: number, path: string, content: string, key: SigningKey): Promise<void> {
  const ask = (target: string, method = "GET", headers = "") =>
    sendRaw(port, `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n`);
  const refuse = guard({ keys: key.publicPem }, () => assert.fail("the guard itself lets this through"));
  const good = freshToken(key);

  const targets = [
    path,
    `${path}?x=1`,
    `${path}?token=`,
    `${path}?token=${freshToken(key, -3600)}`,
    `${path}?token=${good}&token=${good}`,
    `${path}?token=${good}&%74oken=${good}`,
    `${path}?token=${good.slice(0, -8)}AAAAAAAA`,
  ];
  for (const target of targets) {
    for (const method of ["GET", "HEAD"]) {
      const expected = await refuse(new Request(`http://localhost${target}`, { method }));
      const reply = await ask(target, method, 'Range: bytes=0-3\r\nIf-None-Match: "x"\r\n');
      assert.equal(reply.status, expected.status, target);
      for (const [name, value] of expected.headers) assert.equal(reply.headers[name], value, name);
      assert.equal(reply.body, await expected.text());
    }
  }

  // Paths that some server treats as the same file.
  const [first = "", ...rest] = path.slice(1).split("/");
  const escaped = `%${first.charCodeAt(0).toString(16)}${first.slice(1)}`;
  const spellings = [
    `/${escaped}/${rest.join("/")}`,
    `/${first}%2F${rest.join("%2F")}`,
    `//${first}/${rest.join("/")}`,
    `/${first}//${rest.join("/")}`,
    `/./${first}/${rest.join("/")}`,
    `/x/../${first}/${rest.join("/")}`,
    `/x/%2e%2e/${first}/${rest.join("/")}`,
    `/${first}\\${rest.join("\\")}`,
    `/${first.toUpperCase()}/${rest.join("/")}`,
    `${path}/`,
    `${path}%00`,
    `http://localhost${path}`,
    `/_next/data/x${path}.json`,
    `/_next/image?url=${encodeURIComponent(path)}&w=64&q=75`,
    `${path}/__data.json`,
  ];
  for (const spelling of spellings) {
    const reply = await ask(spelling);
    assert.ok(reply.status >= 300, `${spelling} gets ${reply.status}`);
    assert.ok(!reply.body.includes(content), spelling);
  }

  for (const method of ["GET", "HEAD"]) {
    const reply = await ask(`${path}?x=1&token=${good}`, method);
    assert.equal(reply.status, 200);
    assert.equal(reply.headers["cache-control"], "private");
    assert.equal(reply.body, method === "HEAD" ? "" : content);
    assert.ok(!reply.raw.includes(good.slice(0, 30)), "the token comes back nowhere");
  }
}
