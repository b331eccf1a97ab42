import { generateKeyPair } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { Writable } from "node:stream";
import { promisify } from "node:util";
import { createIssuer, type Issuer } from "@portcullis/issuer";
import type { OptionsOf } from "../../command-line/command.ts";
import { failure } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import type { ExitCode } from "../../command-line/exit-code.ts";
import { resolveOptions } from "../../command-line/option-sources.ts";
import { describeSystemError } from "../../system/describe-system-error.ts";
import type { OutputStream } from "../../terminal/terminal.ts";
import { runServe } from "../serve/run-serve.ts";
import { serve } from "../serve/serve.ts";
import type { demo } from "./demo.ts";
import { demoPage } from "./demo-page.ts";
import { createSampleFolder } from "./sample-files.ts";

const portsToTry = 20;
const expiredAgo = 120;

/** Runs `serve` on sample files with a key made for this run, and says what to try. */
export async function runDemo({ port, expiry }: OptionsOf<typeof demo>, context: CommandContext): Promise<ExitCode> {
  const { now, out } = context;
  const sample = createSampleFolder();
  try {
    const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
    const issuerAt = (clock: () => number): Issuer =>
      createIssuer({
        displayName: "demo",
        encryptionKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
        tokenExpiry: expiry / 60,
        now: clock,
        onWarning: () => {}, // http is fine for a demo on this computer
      });
    const issuer = issuerAt(now);
    writeFileSync(sample.keyFile, issuer.publicKey().pem);
    const address = `http://127.0.0.1:${await freePort(port)}`;
    const [first, ...others] = sample.names;
    const link = `${address}/${first}`;
    const page = demoPage({
      colours: out.colours,
      width: out.width,
      address,
      working: await issuer.downloadUrl(link),
      validUntil: new Date((now() + expiry) * 1000),
      withoutToken: link,
      expired: await issuerAt(() => now() - expiry - expiredAgo).downloadUrl(link),
      expiredAt: new Date((now() - expiredAgo) * 1000),
      otherPaths: others.map((name) => `/${name}`),
    });
    const options = serveOptions(sample.keyFile, new URL(address).port);
    const operands = { source: sample.path };
    const code = await runServe(options, inOneStream(context), operands, () => out.line(page));
    out.sentence("The demo has ended; its key and files have been deleted.");
    return code;
  } finally {
    sample.remove();
  }
}

/** The values of `portcullis serve --key … --port …`, whatever is in the environment. */
function serveOptions(key: string, port: string): OptionsOf<typeof serve> {
  const commandLine = { key: [key], host: ["127.0.0.1"], port: [port], grace: ["5s"], logFormat: ["human"] };
  return resolveOptions(serve.options, { commandLine, env: {}, file: {}, fileName: "" }) as OptionsOf<typeof serve>;
}

/** The log of `serve` is written by another thread; here, its lines and the page must stay in order. */
function inOneStream(context: CommandContext): CommandContext {
  const stdout: OutputStream = new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, done) => void context.stdout.write(chunk, () => done()),
  });
  return { ...context, stdout };
}

/** Returns the first port, starting with this one, on which nothing listens. */
async function freePort(firstPort: number): Promise<number> {
  const lastPort = Math.min(firstPort + portsToTry, 65_535);
  for (let port = firstPort; port <= lastPort; port += 1) {
    const probe = createServer().listen(port, "127.0.0.1");
    try {
      await once(probe, "listening");
      await new Promise((resolve) => probe.close(resolve));
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") continue;
      throw failure(`cannot listen on port ${port}: ${describeSystemError(error)}`, "Choose another one with --port");
    }
  }
  throw failure(`the ports from ${firstPort} to ${lastPort} are all in use`, "Choose another one with --port");
}
