import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { createGate } from "@portcullis/core";
import { parse } from "fast-plist";
import { strToU8, zipSync } from "fflate";
import type { CommandContext } from "../../packages/cli/src/command-line/context.ts";
import { createSampleFolder } from "../../packages/cli/src/commands/demo/sample-files.ts";
import { runManifest } from "../../packages/cli/src/commands/manifest/run-manifest.ts";
import { pemOf } from "../support/private-key.ts";
import { python } from "../support/python.ts";
import { runMain } from "../support/run-main.ts";
import { signingKey, testTime } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const samples = createSampleFolder();
after(() => samples.remove());
const app = join(samples.path, "field-notes.ipa");
const key = signingKey();
const privatePem = join(folder, "key.pem");
writeFileSync(privatePem, pemOf(key.privateKey), { mode: 0o600 });
const url = "https://example.com/apps/a.ipa";

// biome-ignore lint/suspicious/noExplicitAny: a manifest has whatever shape the test is about
async function manifest(...more: string[]): Promise<any> {
  const run = await runMain(["manifest", app, "--url", url, ...more], { now: () => testTime });
  assert.equal(run.code, 0, run.stderr);
  return parse(run.stdout);
}

test("a manifest contains the package's own metadata and correct hashes", async () => {
  const { items } = await manifest();
  const [{ assets, metadata }] = items;
  assert.deepEqual(metadata, {
    "bundle-identifier": "com.example.field-notes",
    "bundle-version": "1.2.0 (4)",
    kind: "software",
    title: "Field Notes",
  });
  assert.equal(assets[0].url, url);
  assert.deepEqual(assets[0].sha256s, [createHash("sha256").update(readFileSync(app)).digest("hex")]);
});

test("with a private key, its URL has a token that opens the file", async () => {
  const { items } = await manifest(
    "--private-key",
    privatePem,
    "--expiry",
    "30",
    "--whole-file",
    "--md5",
    "--title",
    "Notes",
  );
  const [asset] = items[0].assets;
  const gate = createGate({ keys: key.publicPem, now: () => testTime + 29 * 60 });
  assert.equal((await gate.check(asset.url)).allowed, true);
  assert.equal(asset.sha256.length, 64);
  assert.equal(asset.md5.length, 32);
  assert.equal(items[0].metadata.title, "Notes");
});

test("--out writes a new file, never overwrites one, and reports what it contains", async () => {
  const out = join(folder, "a.plist");
  const first = await runMain(["manifest", app, "--url", url, "-o", out]);
  assert.match(first.stdout, /a\.plist: Field Notes 1\.2\.0 build 4 \(com\.example\.field-notes\)\n$/);
  assert.match(first.stderr, /warning: The app is not signed/);
  assert.equal((await runMain(["manifest", "--lint", out])).code, 0);
  const again = await runMain(["manifest", app, "--url", url, "-o", out]);
  assert.equal(again.code, 3);
  assert.match(again.stderr, /a\.plist already exists, and existing files are never overwritten/);
});

test("--lint checks a manifest and prints the place and fault of each finding, and the result on the last line", async () => {
  const made = (await runMain(["manifest", app, "--url", url])).stdout;
  const good = await runMain(["manifest", "--lint", "-"], { stdin: made });
  assert.deepEqual([good.code, good.stdout], [0, "VALID: 0 errors, 0 warnings.\n"]);
  const bad = await runMain(["manifest", "--lint", "-"], { stdin: made.replace("https://example", "http://example") });
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /^✘ items\[0\]\.assets\[0\]\.url url_not_https\n/);
  assert.match(bad.stdout, /\nINVALID: 1 error, 0 warnings; devices will not install from it\.\n$/);
  const json = await runMain(["manifest", "--lint", "-", "--json"], { stdin: "no manifest" });
  assert.equal(json.code, 1);
  assert.equal(JSON.parse(json.stdout).errors[0].code, "not_a_property_list");
});

test("--itms prints the install link, with a token and as a QR code on request", async () => {
  const plist = "https://example.com/a.plist";
  const plain = await runMain(["manifest", "--itms", plist]);
  assert.equal(plain.stdout, "itms-services://?action=download-manifest&url=https%3A%2F%2Fexample.com%2Fa.plist\n");
  const signed = await runMain(["manifest", "--itms", plist, "--private-key", privatePem], { now: () => testTime });
  const inner = new URL(signed.stdout.trim()).searchParams.get("url") ?? "";
  assert.equal((await createGate({ keys: key.publicPem, now: () => testTime }).check(inner)).allowed, true);
  const drawn = await runMain(["manifest", "--itms", plist, "--qr"]);
  assert.ok(drawn.stdout.split("\n").length > 20);
  assert.ok(drawn.stdout.endsWith(plain.stdout));
});

test("--itms --qr says how many columns a link with a token needs, and draws it if there is room", async () => {
  const argv = ["manifest", "--itms", "https://example.com/apps/a.plist", "--private-key", privatePem, "--qr"];
  const narrow = await runMain(argv, { terminal: 80 });
  assert.deepEqual([narrow.code, narrow.stdout], [3, ""]);
  const [, columns] =
    /needs (\d+) columns, but the terminal has 80\n/.exec(stripVTControlCharacters(narrow.stderr)) ?? [];
  assert.ok(Number(columns) > 80 && Number(columns) < 90, narrow.stderr);
  assert.equal((await runMain(argv, { terminal: Number(columns) - 1 })).code, 3);
  const wide = await runMain(argv, { terminal: Number(columns) });
  assert.equal(wide.code, 0);
  assert.equal(stripVTControlCharacters(wide.stdout).split("\n")[0]?.length, Number(columns));
});

test("--lint of binary data says that it is not an XML property list", async () => {
  const noise = join(folder, "noise.plist");
  writeFileSync(noise, Buffer.from([1, 2, 0x26, 0xff, 0xfe, 3, 0x26, 0x20, 0x80]));
  const { code, stdout } = await runMain(["manifest", "--lint", noise]);
  assert.equal(code, 1);
  assert.match(stdout, /This is not an XML property list/);
});

test("progress is shown on a terminal while a file is hashed, and then erased", async () => {
  const { stderr } = await runMain(["manifest", app, "--url", url], { terminal: 80 });
  assert.match(stripVTControlCharacters(stderr), /\r█+ \d+ % hashed\r/);
});

for (const [name, argv, code, message] of [
  ["nothing to do", [], 2, /pass exactly one of/],
  ["two things to do", [app, "--lint", "x"], 2, /pass exactly one of/],
  ["a folder that is not there, before anything is read", ["x", "--url", url, "-o", "no/a.plist"], 3, /no folder no\n/],
  ["a file for an install link", ["--itms", url, "-o", "a.plist"], 2, /--out works only with an \.ipa or \.pkg/],
  ["no URL", [app], 2, /--url URL is missing/],
  ["a URL that devices do not take", [app, "--url", "http://example.com/a.ipa"], 2, /https/],
  [
    "text that is not a URL, before anything is read",
    ["nothing.ipa", "--url", "nonsense"],
    2,
    /starts with https:\/\//,
  ],
  ["an install link of nothing", ["--itms", "http:"], 2, /https/],
  [
    "an install link of nonsense, before the key is read",
    ["--itms", "x", "--private-key", "no.pem"],
    2,
    /starts with https/,
  ],
  ["a QR code of a manifest", [app, "--url", url, "--qr"], 2, /--qr draws an install link: pass .* with --itms/],
  ["a QR code of a checked", ["--lint", "x", "--qr"], 2, /with --itms URL/],
  ["a file that is not there", ["nothing.ipa", "--url", url], 3, /nothing\.ipa cannot be read/],
  ["a file of another kind", [privatePem, "--url", url], 3, /neither an \.ipa .* nor a flat \.pkg/],
  ["an install link over http", ["--itms", "http://example.com/a.plist"], 2, /https/],
] as const) {
  test(`${name}: refused with a message, never with a stack trace`, async () => {
    const run = await runMain(["manifest", ...argv]);
    assert.equal(run.code, code, run.stderr);
    assert.match(run.stderr, message);
    assert.doesNotMatch(run.stderr, /\n {4}at /);
  });
}

test("options override the package's metadata and add images", async () => {
  const icon = "https://example.com/icon.png";
  const image = "https://example.com/image.png";
  const more = ["--identifier", "com.example.other", "--bundle-version", "9", "--icon", icon, "--image", image];
  const [{ assets, metadata }] = (await manifest(...more)).items;
  assert.deepEqual([metadata["bundle-identifier"], metadata["bundle-version"]], ["com.example.other", "9"]);
  assert.deepEqual(
    assets.slice(1).map(({ kind, url }: Record<string, string>) => [kind, url]),
    [
      ["display-image", icon],
      ["full-size-image", image],
    ],
  );
});

test("a package that cannot be read needs three options, and then makes a manifest with a warning", async () => {
  const unknown = join(folder, "unknown.ipa");
  writeFileSync(unknown, "not a package");
  const known = ["--title", "Notes", "--identifier", "com.example.notes", "--bundle-version", "2"];
  const run = await runMain(["manifest", unknown, "--url", url, ...known]);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stderr, /warning: The package cannot be read\. The file is neither/);
  assert.equal(parse(run.stdout).items[0].metadata["bundle-version"], "2");
  const missing = await runMain(["manifest", unknown, "--url", url, ...known.slice(2)]);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /pass --title, --identifier and --bundle-version/);
});

test("another build of the same version has another bundle-version", async () => {
  const versionOf = async (build: string) => {
    const file = appFile({ CFBundleShortVersionString: "1.0", CFBundleVersion: build });
    const run = await runMain(["manifest", file, "--url", url]);
    return parse(run.stdout).items[0].metadata["bundle-version"];
  };
  assert.deepEqual([await versionOf("7"), await versionOf("8"), await versionOf("1.0")], ["1.0 (7)", "1.0 (8)", "1.0"]);
});

test("the manifest is checked while it is made: unexpanded placeholders and unencoded characters", async () => {
  const file = appFile({ CFBundleName: "$(PRODUCT_NAME)" });
  const run = await runMain(["manifest", file, "--url", "https://example.com/\u00e4.ipa", "--json"]);
  assert.equal(run.code, 0, run.stderr);
  assert.match(
    run.stderr,
    /warning: items\[0\]\.assets\[0\]\.url: The URL contains characters that must be percent-encoded/,
  );
  assert.match(run.stderr, /warning: items\[0\]\.metadata\.title: It contains a placeholder/);
  const codes = JSON.parse(run.stdout).warnings.map(({ code }: { code: string }) => code);
  assert.deepEqual(codes, ["not_signed", "url_not_encoded", "placeholder_left"]);
});

test("--lint reads a binary manifest and the manifest in a command", async () => {
  const made = (await runMain(["manifest", app, "--url", url])).stdout;
  const inner = made.slice(made.indexOf("<dict>"), made.lastIndexOf("</plist>")).replace("https:", "http:");
  const command = `<plist><dict><key>Command</key><dict><key>Manifest</key>${inner}</dict></dict></plist>`;
  const inCommand = await runMain(["manifest", "--lint", "-"], { stdin: command });
  assert.match(inCommand.stdout, /^✘ Command\.Manifest\.items\[0\]\.assets\[0\]\.url url_not_https\n/);
  const binary = join(folder, "binary.plist");
  const bytes = python(
    `import plistlib
json.dump(list(plistlib.dumps(plistlib.loads(input.encode()), fmt=plistlib.FMT_BINARY)), sys.stdout)`,
    made,
  ) as number[];
  writeFileSync(binary, Buffer.from(bytes));
  assert.equal((await runMain(["manifest", "--lint", binary])).stdout, "VALID: 0 errors, 0 warnings.\n");
});

test("an empty file is refused", async () => {
  const empty = join(folder, "empty.ipa");
  writeFileSync(empty, "");
  assert.equal((await runMain(["manifest", empty, "--url", url])).code, 3);
  rmSync(empty);
});

test("a package's metadata cannot control the terminal", async () => {
  const title = "A\u009b31m\u202etxt\u2066b";
  const hostile = appFile({ CFBundleName: title });
  const out = join(folder, "hostile.plist");
  const toFile = await runMain(["manifest", hostile, "--url", url, "-o", out]);
  assert.match(toFile.stdout, /A\\u009b31m\\u202etxt\\u2066b 1/, toFile.stderr);
  const printed = await runMain(["manifest", hostile, "--url", url]);
  for (const text of [toFile.stdout, toFile.stderr, printed.stdout, printed.stderr, readFileSync(out, "utf8")]) {
    assert.doesNotMatch(text, /[\u0080-\u009f\u202a-\u202e\u2066-\u2069]/);
  }
  // As character references the title is unchanged.
  assert.equal(parse(printed.stdout).items[0].metadata.title, title);
});

let apps = 0;

/** Writes an `.ipa` with this in its Info.plist. */
function appFile(more: Record<string, string>): string {
  const info = { CFBundleIdentifier: "com.example.a", CFBundleName: "A", CFBundleVersion: "1", ...more };
  const entries = Object.entries(info).map(([name, value]) => `<key>${name}</key><string>${value}</string>`);
  const text = `<plist version="1.0"><dict>${entries.join("")}</dict></plist>`;
  apps += 1;
  const file = join(folder, `app-${apps}.ipa`);
  writeFileSync(file, zipSync({ "Payload/A.app/Info.plist": strToU8(text) }));
  return file;
}

test("a package that is replaced between being read and being hashed gets no manifest", async () => {
  const [file, next] = [join(folder, "replaced.ipa"), join(folder, "next.ipa")];
  for (const path of [file, next]) copyFileSync(app, path);
  const lines: string[] = [];
  const terminal = { isTerminal: false, width: 80, line: (line: string) => lines.push(line) };
  const options = {
    url,
    // This option is read when hashing begins, after the metadata was read.
    get wholeFile() {
      renameSync(next, file);
      return false;
    },
  };
  const context = { out: terminal, err: terminal, stderr: {}, now: () => testTime };
  await assert.rejects(
    runManifest(options as Parameters<typeof runManifest>[0], context as unknown as CommandContext, { file }),
    /replaced\.ipa was replaced while it was being read/,
  );
  assert.deepEqual(lines, []);
});
