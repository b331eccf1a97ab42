import { generateKeyPair } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { importKeys } from "@portcullis/core";
import type { OptionsOf } from "../../command-line/command.ts";
import { failure, usageError } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { describeSystemError } from "../../system/describe-system-error.ts";
import { shellQuote } from "../../terminal/shell-quote.ts";
import type { keygen } from "./keygen.ts";

/** Creates a key pair and says which half goes where. */
export async function runKeygen(options: OptionsOf<typeof keygen>, { out }: CommandContext): Promise<ExitCode> {
  const { out: privateFile, publicOut: publicFile } = options;
  if (resolve(privateFile) === resolve(publicFile))
    throw usageError("--out and --public-out must be two different files");
  const pair = await promisify(generateKeyPair)("rsa", { modulusLength: Number(options.bits) });
  const privatePem = pair.privateKey.export({ type: options.pkcs1 ? "pkcs1" : "pkcs8", format: "pem" }).toString();
  const publicPem = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
  // The public half is written first: if its name is taken, no private key is left behind.
  writeNewFile(publicFile, publicPem, 0o644);
  try {
    writeNewFile(privateFile, privatePem, 0o600);
  } catch (error) {
    rmSync(publicFile);
    throw error;
  }

  const [{ keyId: thumbprint } = {}] = await importKeys(publicPem);
  if (options.json) {
    out.json({ privateKey: privateFile, publicKey: publicFile, bits: Number(options.bits), thumbprint });
    return exitCode.success;
  }
  const { bold, dim } = out.colours;
  const width = Math.max(privateFile.length, publicFile.length);
  out.sentence(`${bold(privateFile.padEnd(width))}  PRIVATE: paste it into Jamf Pro, then keep it off the web server.`);
  out.sentence(
    `${bold(publicFile.padEnd(width))}  public: for the web server: portcullis serve DIR --key ${shellQuote(publicFile)}`,
  );
  out.line();
  out.sentence(dim("In Jamf Pro: Settings > Global > PKI certificates > JSON Web Token Configuration"));
  out.sentence(dim('> New, with "Paste or Type Encryption Key": the whole file, with BEGIN and END.'));
  out.line(dim(`Thumbprint: ${thumbprint}`));
  return exitCode.success;
}

/** `wx`: an existing key is never overwritten; the mode is set before the first byte is written. */
function writeNewFile(path: string, content: string, mode: number): void {
  try {
    writeFileSync(path, content, { flag: "wx", mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw failure(`${path} cannot be written: ${describeSystemError(error)}`);
    }
    throw failure(
      `${path} already exists, and a key is never overwritten`,
      "Move it, or choose other names with --out and --public-out",
    );
  }
}
