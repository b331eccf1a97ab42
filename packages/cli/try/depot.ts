import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { createSampleFolder } from "../src/commands/demo/sample-files.ts";
import { main } from "../src/main.ts";

// Run by `npm run depot`: a depot on this computer with a sample app and a link, all of it deleted at the end.
const port = process.env.PORTCULLIS_PORT ?? "8443";
const sample = createSampleFolder();
const data = join(sample.path, "..", "depot");
const publicUrl = `https://localhost:${port}`;

const isBuilt = existsSync(new URL("../dist/bin.js", import.meta.url));

/** Runs a command as on the command line, and returns what it printed; with `isShown`, prints it. */
async function portcullis(argv: readonly string[], isShown = false): Promise<string> {
  let printed = "";
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      printed += chunk;
      if (isShown) process.stdout.write(chunk, () => done());
      else done();
    },
  });
  const world = { env: process.env, stdin: Readable.from([]), stdout, stderr: process.stderr, signals: process };
  process.exitCode = await main({ argv, ...world });
  return printed;
}

try {
  const [certificate, key] = [join(sample.path, "..", "tls.crt"), join(sample.path, "..", "tls.key")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, ...subject],
    {
      stdio: "ignore",
    },
  );
  await portcullis(["publish", join(sample.path, "field-notes.ipa"), "--data", data], true);
  const app = "com.example.field-notes";
  const created = await portcullis([
    "link",
    "create",
    app,
    "--data",
    data,
    "--for",
    "me",
    "--public-url",
    publicUrl,
    "--json",
  ]);
  const { id, url } = JSON.parse(created);
  console.log(`
The manifest, with a token made for this request:
  curl --insecure ${url}

The app, from the URL in the manifest:
  curl --insecure -O "$(curl --insecure --silent ${url} | sed -n 's/.*<string>\\(https:[^<]*token=[^<]*\\)<.*/\\1/p')"

In another terminal, in this folder:${isBuilt ? "" : "\n  npm run build"}
  npx portcullis link list --data ${data}
  npx portcullis link receipts ${id} --data ${data}
  npx portcullis link revoke ${id} --data ${data}

In the browser: the administration pages. Open the setup link that is printed below.

Ctrl-C ends the depot and deletes its data.
`);
  const listen = ["--host", "localhost", "--port", port, "--tls-cert", certificate, "--tls-key", key];
  await portcullis(["depot", "--data", data, "--public-url", publicUrl, ...listen, "--log-format", "human"], true);
} finally {
  sample.remove();
}
