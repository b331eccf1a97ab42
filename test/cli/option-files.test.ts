import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { dashedName } from "../../packages/cli/src/command-line/option.ts";
import { commands } from "../../packages/cli/src/commands.ts";
import { writeZip } from "../support/packages.ts";
import { pemOf } from "../support/private-key.ts";
import { runMain } from "../support/run-main.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFiles } from "../support/temporary-folder.ts";

const path = temporaryFiles();
const key = signingKey();
mkdirSync(path("www"));
writeFileSync(path("public.pem"), key.publicPem);
writeFileSync(path("key.pem"), pemOf(key.privateKey), { mode: 0o600 });
const [www, publicKey, privateKey] = [path("www"), path("public.pem"), path("key.pem")];
const link = "https://files.example/app.ipa";

const info = { CFBundleIdentifier: "example.app", CFBundleVersion: "1" };
writeZip(path("app.ipa"), [{ name: "Payload/A.app/Info.plist", plist: info }]);
before(async () => {
  const { code, stderr } = await runMain(["publish", path("app.ipa"), "--data", path("depot")]);
  assert.equal(code, 0, stderr);
});

/** Command lines in which FILE is what an option or operand names, by command and option. */
const commandLines: Record<string, string[]> = {
  "serve key": ["serve", www, "--key", "FILE"],
  "serve tlsCert": ["serve", www, "--key", publicKey, "--tls-key", privateKey, "--tls-cert", "FILE"],
  "serve tlsKey": ["serve", www, "--key", publicKey, "--tls-cert", publicKey, "--tls-key", "FILE"],
  "serve originHeaderFile": ["serve", "https://files.internal/", "--key", publicKey, "--origin-header-file", "FILE"],
  "auth key": ["auth", "--for", "nginx", "--key", "FILE"],
  "rewritemap key": ["rewritemap", "--key", "FILE"],
  "depot tlsCert": [
    "depot",
    "--data",
    path("depot"),
    "--public-url",
    "https://a.example",
    "--tls-key",
    privateKey,
    "--tls-cert",
    "FILE",
  ],
  "depot tlsKey": [
    "depot",
    "--data",
    path("depot"),
    "--public-url",
    "https://a.example",
    "--tls-cert",
    publicKey,
    "--tls-key",
    "FILE",
  ],
  "depot dataKeyFile": [
    "depot",
    "--data",
    path("depot"),
    "--public-url",
    "https://a.example",
    "--data-key-file",
    "FILE",
  ],
  "configuration dataKeyFile": ["configuration", "show", "--data", path("depot"), "--data-key-file", "FILE"],
  "configuration encryptionKey": ["configuration", "change", "--data", path("depot"), "--encryption-key", "FILE"],
  "configuration passphraseFile": [
    ...["configuration", "change", "--data", path("depot"), "--encryption-key", privateKey],
    ...["--passphrase-file", "FILE"],
  ],
  "item dataKeyFile": ["item", "check", "com.example.app", "--data", path("depot"), "--data-key-file", "FILE"],
  "depot originHeaderFile": [
    ...["depot", "--data", path("depot"), "--public-url", "https://a.example"],
    ...["--origin", "https://files.internal/", "--origin-header-file", "FILE"],
  ],
  "item originHeaderFile": [
    ...["item", "check", "com.example.app", "--data", path("depot")],
    ...["--origin", "https://files.internal/", "--origin-header-file", "FILE"],
  ],
  "publish originHeaderFile": [
    ...["publish", path("app.ipa"), "--data", path("depot")],
    ...["--origin", "https://files.internal/", "--origin-header-file", "FILE"],
  ],
  "publish dataKeyFile": [
    ...["publish", "https://127.0.0.1:1/App.ipa", "--data", path("depot"), "--data-key-file", "FILE"],
  ],
  "publish apiTokenFile": ["publish", path("no.ipa"), "--to", "http://127.0.0.1:1", "--api-token-file", "FILE"],
  "publish file": ["publish", "FILE", "--data", path("depot")],
  "inspect key": ["inspect", link, "--key", "FILE"],
  "probe privateKey": ["probe", link, "--private-key", "FILE"],
  "probe passphraseFile": ["probe", link, "--private-key", privateKey, "--passphrase-file", "FILE"],
  "pubkey file": ["pubkey", "FILE"],
  "sign privateKey": ["sign", link, "--private-key", "FILE"],
  "sign passphraseFile": ["sign", link, "--private-key", privateKey, "--passphrase-file", "FILE"],
  "manifest privateKey": ["manifest", path("no.ipa"), "--url", link, "--private-key", "FILE"],
  "manifest passphraseFile": [
    "manifest",
    path("no.ipa"),
    "--url",
    link,
    "--private-key",
    privateKey,
    "--passphrase-file",
    "FILE",
  ],
  "manifest lint": ["manifest", "--lint", "FILE"],
  "manifest file": ["manifest", "FILE", "--url", link],
  "scan-logs key": ["scan-logs", path("no.log"), "--key", "FILE"],
  "every config": ["demo", "--config", "FILE"],
};

/** Files that are written, and logs, which can be endless pipes. */
const others = ["keygen out", "keygen publicOut", "manifest out", "scan-logs files"];

describe("a file that is named on the command line", () => {
  test("is tried for every option and operand that names one", () => {
    const named = commands.flatMap(({ name, options, operands = {} }) =>
      [...Object.entries(options), ...Object.entries(operands)].flatMap(([option, definition]) =>
        "placeholder" in definition && definition.placeholder?.split("|").includes("FILE") ? [`${name} ${option}`] : [],
      ),
    );
    assert.deepEqual([...named, "every config"].toSorted(), [...Object.keys(commandLines), ...others].toSorted());
  });

  writeFileSync(path("huge"), "");
  truncateSync(path("huge"), 40 * 1024 ** 3);
  execFileSync("mkfifo", [path("pipe")]);
  mkdirSync(path("folder"));

  for (const [name, commandLine] of Object.entries(commandLines)) {
    test(`${name} refuses a pipe, a device, a folder and a huge file, and names it`, async () => {
      for (const file of [path("pipe"), "/dev/zero", path("folder"), path("huge")]) {
        // A package can be huge.
        if (file === path("huge") && /^(publish|manifest) file$/.test(name)) continue;
        const started = performance.now();
        const { code, stderr } = await runMain(commandLine.map((word) => (word === "FILE" ? file : word)));
        const option = name.split(" ")[1] as string;
        assert.ok(code === 3 || code === 2, `${file}: ${code} ${stderr}`);
        assert.ok(stderr.includes(file) || stderr.includes(`--${dashedName(option)}`), `${file}: ${stderr}`);
        assert.doesNotMatch(stderr, /^ +at |not JSON|no such file/m, file);
        assert.ok(performance.now() - started < 30_000, file);
      }
    });
  }
});
