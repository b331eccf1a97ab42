import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { createGate, readToken, removeToken } from "@portcullis/core";
import { createIssuer, type IssuerWarning, isIssuerError } from "@portcullis/issuer";
import fc from "fast-check";
import { privateKeyPem } from "../support/private-key.ts";
import { testTime } from "../support/signing-key.ts";

const warnings: IssuerWarning[] = [];
const issuer = createIssuer({
  displayName: "Lab",
  encryptionKey: privateKeyPem(),
  tokenExpiry: 5,
  now: () => testTime,
  onWarning: (warning) => warnings.push(warning),
});
const token = await issuer.issueToken();
const gate = createGate({ keys: issuer.publicKey().pem, now: () => testTime });

describe("a download URL", () => {
  const added: [string, string][] = [
    ["https://example.com/a.ipa", "https://example.com/a.ipa?token=TOKEN"],
    ["https://example.com", "https://example.com?token=TOKEN"],
    ["HTTPS://Example.COM:8443/a%2fb/../c%20d.pkg", "HTTPS://Example.COM:8443/a%2fb/../c%20d.pkg?token=TOKEN"],
    ["https://example.com/a?b=1&a=%2b+&a=", "https://example.com/a?b=1&a=%2b+&a=&token=TOKEN"],
    ["https://example.com/a#part?token=x", "https://example.com/a?token=TOKEN#part?token=x"],
    ["https://example.com/a?token=old&b=2#f", "https://example.com/a?b=2&token=TOKEN#f"],
    ["https://example.com/a?x=1&%74oken=old&token=older", "https://example.com/a?x=1&token=TOKEN"],
    ["https://example.com/a?Token=kept", "https://example.com/a?Token=kept&token=TOKEN"],
    ["https://例え.jp/アプリ.ipa?名=😀", "https://例え.jp/アプリ.ipa?名=😀&token=TOKEN"],
    ["https://[::1]:8443/a;token=x", "https://[::1]:8443/a;token=x?token=TOKEN"],
    ["https://example.com/@scope/a@2.ipa?mail=a@b", "https://example.com/@scope/a@2.ipa?mail=a@b&token=TOKEN"],
  ];
  for (const [url, expected] of added) {
    test(`of ${url}`, async () => {
      assert.equal(await issuer.downloadUrl(url), expected.replace("TOKEN", token));
    });
  }

  test("of a URL object", async () => {
    assert.equal(await issuer.downloadUrl(new URL("https://example.com/a")), `https://example.com/a?token=${token}`);
  });

  const refused: [string, string, RegExp][] = [
    ["/a.ipa", "url_not_absolute", /The URL is relative: use an absolute URL that starts with https/],
    ["//example.com/a", "url_not_absolute", /relative/],
    ["a.ipa", "url_not_absolute", /relative/],
    ["", "url_not_absolute", /relative/],
    ["https:/example.com/a", "url_not_absolute", /no valid host/],
    ["https:///a", "url_not_absolute", /no valid host/],
    ["https://exa mple.com/a", "url_not_encoded", /a space is %20/],
    ["https://example.com:99999/a", "url_not_absolute", /no valid host/],
    ["https://example.com\\@evil.example/a", "url_not_absolute", /no valid host/],
    ["ftp://example.com/a", "url_not_http", /must start with https:\/\//],
    ["file:///etc/passwd", "url_not_http", /must start with/],
    ["javascript:alert(1)", "url_not_http", /must start with/],
    ["itms-services://?action=download-manifest", "url_not_http", /must start with/],
    ["https://lab:hunter2@example.com/a", "url_has_credentials", /remove it; the token is the credential/],
    ["https://lab@example.com/a", "url_has_credentials", /remove it/],
    ["https://@example.com/a", "url_has_credentials", /remove it/],
    ["https://example.com/My App.ipa", "url_not_encoded", /percent-encode it \(a space is %20\)/],
    ["https://example.com/a\r\nSet-Cookie: x", "url_not_encoded", /control character/],
    ["https://example.com/a\u0000", "url_not_encoded", /control character/],
    ["https://example.com/\uD800", "url_not_encoded", /control character/],
  ];
  for (const [url, code, message] of refused) {
    test(`is refused for ${JSON.stringify(url)}`, async () => {
      await assert.rejects(issuer.downloadUrl(url), (error) => {
        assert.ok(isIssuerError(error));
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.ok(!error.message.includes("hunter2"));
        return true;
      });
    });
  }

  test("that is not encrypted works, with a warning", async () => {
    warnings.length = 0;
    assert.equal(await issuer.downloadUrl("http://example.com/a"), `http://example.com/a?token=${token}`);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["url_not_encrypted"],
    );
    assert.match(warnings[0]?.message ?? "", /anyone on the network path can read the token. Use https/);
    await issuer.downloadUrl("https://example.com/a");
    assert.equal(warnings.length, 1);
  });

  test("that is not encrypted prints a warning by default", async () => {
    const silent = createIssuer({
      displayName: "Lab",
      encryptionKey: privateKeyPem(),
      tokenExpiry: 5,
    });
    const warned = once(process, "warning");
    await silent.downloadUrl("http://example.com/a");
    const [{ name, code, message }] = await warned;
    assert.deepEqual([name, code], ["PortcullisWarning", "url_not_encrypted"]);
    assert.ok(!message.includes("token="));
  });

  test("is accepted by the gate and loses only its token, however odd it is", async () => {
    const piece = fc.string({
      unit: fc.constantFrom(...("az09%25&=?+;/.~'\"<>[]{}|^`$!*(),:@\\-_éЖ😀".match(/./gu) ?? [])),
    });
    const query = fc.array(fc.tuple(piece, piece).map(([name, value]) => `${name}=${value}`));
    await fc.assert(
      fc.asyncProperty(piece, query, fc.option(piece), async (path, parameters, fragment) => {
        const url = `https://example.com/${path.replace(/[?#]/g, "")}${parameters.length > 0 ? "?" : ""}${parameters.join("&")}${fragment === null ? "" : `#${fragment}`}`;
        const made = await issuer.downloadUrl(url);
        assert.deepEqual(readToken(made), { token });
        assert.equal(removeToken(made), removeToken(url));
        assert.equal((await gate.check(made)).allowed, true);
        assert.equal(await issuer.downloadUrl(made), made);
      }),
      { numRuns: 500 },
    );
  });
});
