import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { createGate, isConfigurationError } from "@portcullis/core";
import { type ConfigurationStore, createConfigurationStore, createIssuer, isIssuerError } from "@portcullis/issuer";
import { privateKeyPem } from "../support/private-key.ts";
import { python } from "../support/python.ts";
import { testTime } from "../support/signing-key.ts";

const key = privateKeyPem();
const otherKey = privateKeyPem();
const keyIdOf = (encryptionKey: string) => createIssuer({ displayName: "Lab", encryptionKey, tokenExpiry: 5 }).keyId;

const json = (fields: object) => JSON.stringify({ json_web_token_configuration: fields });
const xml = (inner: string) => `<json_web_token_configuration>${inner}</json_web_token_configuration>`;
const full = { name: "Lab & <Söhne>", disabled: false, encryption_key: key, token_expiry: 5 };

function store(fields: object = full): ConfigurationStore & { id: number } {
  const made = createConfigurationStore({ now: () => testTime });
  return Object.assign(Object.create(made), made.create(json(fields)));
}

const refuses = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(isIssuerError(error), String(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

describe("Jamf Pro's API representation", () => {
  test("is accepted as JSON and returned without the key", () => {
    const lab = store();
    const fields = { id: 1, name: "Lab & <Söhne>", disabled: false, token_expiry: 5 };
    assert.equal(lab.id, 1);
    assert.deepEqual(JSON.parse(lab.read(1, "json")), { json_web_token_configuration: fields });
    assert.deepEqual(JSON.parse(lab.list("json")), {
      json_web_token_configurations: [fields],
    });
  });

  test("is accepted as XML and returned as XML that Python reads identically", () => {
    const lab = createConfigurationStore({ now: () => testTime });
    lab.create(
      `<?xml version="1.0" encoding="UTF-8"?>\n${xml(`<id>0</id>\n<name>Lab &amp; &lt;Söhne&gt;</name><disabled> true </disabled><encryption_key>\n${key.replaceAll("\n", "\r\n")}</encryption_key><token_expiry>120</token_expiry>`)}`,
    );
    const byPython = python(
      `import xml.etree.ElementTree as tree
def shape(element): return [element.tag, [shape(child) for child in element]] if len(element) else [element.tag, element.text]
json.dump([shape(tree.fromstring(text.encode())) for text in input], sys.stdout)`,
      [lab.read(1, "xml"), lab.list("xml")],
    );
    assert.deepEqual(byPython, [
      [
        "json_web_token_configuration",
        [
          ["id", "1"],
          ["name", "Lab & <Söhne>"],
          ["disabled", "true"],
          ["token_expiry", "120"],
        ],
      ],
      [
        "json_web_token_configurations",
        [
          ["size", "1"],
          [
            "json_web_token_configuration",
            [
              ["id", "1"],
              ["name", "Lab & <Söhne>"],
              ["disabled", "true"],
              ["token_expiry", "120"],
            ],
          ],
        ],
      ],
    ]);
    assert.equal(lab.issuer(1).keyId, keyIdOf(key));
    assert.equal(lab.issuer(1).enabled, false);
  });

  test("is accepted without its outer object too", () => {
    const lab = createConfigurationStore();
    lab.create(JSON.stringify(full));
    assert.equal(lab.issuer(1).displayName, "Lab & <Söhne>");
  });

  test("is read back as it was written", () => {
    const lab = store();
    for (const format of ["json", "xml"] as const) {
      lab.update(1, lab.read(1, format));
      assert.equal(lab.read(1, format), store().read(1, format));
    }
  });

  test("never reveals the key", () => {
    const lab = createConfigurationStore();
    lab.create(json(full));
    const secret = key.split("\n")[3] as string;
    const shown = [inspect(lab, { depth: 9, showHidden: true }), JSON.stringify(lab)];
    for (const format of ["json", "xml"] as const) shown.push(lab.read(1, format), lab.list(format));
    assert.ok(!shown.join().includes(secret));
    assert.ok(!/PRIVATE|encryption_key/.test(shown.join()));
  });

  const malformed: [string, string, RegExp][] = [
    ["broken JSON", '{"name"', /it is not JSON/],
    ["an array inside", '{"json_web_token_configuration":[]}', /must be an object/],
    ["prose", "Hello", /neither JSON nor well-formed XML/],
    ["broken XML", "<json_web_token_configuration>", /neither JSON nor well-formed XML/],
    ["another element", "<computer/>", /outermost element must be json_web_token_configuration/],
    ["XML entities", `<!DOCTYPE a [<!ENTITY b "c">]>${xml("<name>&b;</name>")}`, /neither JSON nor well-formed XML/],
    ["a repeated element", xml("<name>a</name><name>b</name>"), /its name is duplicated/],
    ["an unknown member", json({ ...full, "token-expiry": 5 }), /token-expiry is unknown; did you mean token_expiry\?/],
    ["a member that pollutes", `{"__proto__":{"name":"x"}}`, /__proto__ is unknown; the names are id, name, disabled/],
    ["an unknown element", xml("<tokenExpiry>5</tokenExpiry>"), /tokenExpiry is unknown; did you mean token_expiry\?/],
    ["an expiry in words", xml("<token_expiry>five</token_expiry>"), /its token_expiry must be a number/],
    ["an expiry with a fraction in XML", xml("<token_expiry>5.5</token_expiry>"), /its token_expiry must be a number/],
    ["an expiry as a string", json({ ...full, token_expiry: "5" }), /its token_expiry must be a number/],
    ["a disabled that is neither", xml("<disabled>yes</disabled>"), /its disabled must be a boolean/],
    ["a name that is null", json({ ...full, name: null }), /its name must be a string/],
  ];
  for (const [name, text, message] of malformed) {
    test(`is refused: ${name}`, () => {
      assert.throws(() => createConfigurationStore().create(text), refuses("representation_malformed", message));
    });
  }

  const wrong: [object, string][] = [
    [{ ...full, name: "" }, "displayName"],
    [{ ...full, token_expiry: 0 }, "tokenExpiry"],
    [{ ...full, token_expiry: 121 }, "tokenExpiry"],
    [{ ...full, token_expiry: 5.5 }, "tokenExpiry"],
    [{ ...full, token_expiry: undefined }, "tokenExpiry"],
    [{ ...full, encryption_key: "hunter2" }, "encryptionKey"],
    [{ ...full, encryption_key: undefined }, "encryptionKey"],
  ];
  for (const [fields, option] of wrong) {
    test(`is refused with a wrong ${option}, and nothing is stored`, () => {
      const lab = createConfigurationStore();
      assert.throws(
        () => lab.create(json(fields)),
        (error) => isConfigurationError(error) && error.option === option && !error.message.includes("hunter2"),
      );
      assert.deepEqual(JSON.parse(lab.list("json")), { json_web_token_configurations: [] });
    });
  }
});

describe("the configurations of an instance", () => {
  test("are limited to one", () => {
    const lab = store();
    assert.throws(
      () => lab.create(json(full)),
      refuses("configuration_exists", /Jamf Pro has at most one: update it, or remove it first/),
    );
    lab.remove(1);
    assert.deepEqual(lab.create(json(full)), { id: 2 });
  });

  test("are changed only in the fields that an update names", async () => {
    const lab = store();
    lab.update(1, json({ token_expiry: 30 }));
    lab.update(1, xml("<name>New</name>"));
    lab.update(1, json({}));
    const { displayName, tokenExpiry, enabled, keyId } = lab.issuer(1);
    assert.deepEqual([displayName, tokenExpiry, enabled, keyId], ["New", 30, true, keyIdOf(key)]);
  });

  test("accept a new key, whose tokens a gate with the old one refuses", async () => {
    const lab = store();
    const before = lab.issuer(1);
    lab.update(1, json({ encryption_key: otherKey }));
    assert.equal(lab.issuer(1).keyId, keyIdOf(otherKey));
    const gate = createGate({ keys: before.publicKey().pem, now: () => testTime });
    const decision = await gate.check(await lab.issuer(1).downloadUrl("https://example.com/a"));
    assert.equal(!decision.allowed && decision.code, "signature_invalid");
  });

  test("issue nothing while they are disabled", async () => {
    const lab = store();
    lab.update(1, json({ disabled: true }));
    await assert.rejects(lab.issuer(1).issueToken(), refuses("configuration_disabled", /is disabled/));
    lab.update(1, json({ disabled: false }));
    assert.match(await lab.issuer(1).issueToken(), /^eyJhbGciOiJSUzI1NiJ9\./);
  });

  test("are unchanged by a refused update", () => {
    const lab = store();
    assert.throws(() => lab.update(1, json({ name: "New", token_expiry: 121 })), /tokenExpiry/);
    assert.equal(JSON.parse(lab.read(1, "json")).json_web_token_configuration.name, "Lab & <Söhne>");
  });

  test("are not found by another id", () => {
    const lab = store();
    const asks = [() => lab.read(2, "json"), () => lab.update(2, json({})), () => lab.remove(2), () => lab.issuer(2)];
    for (const ask of asks) {
      assert.throws(ask, refuses("configuration_unknown", /no configuration with this id/));
    }
  });
});
