import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { folder } from "@portcullis/origin/node";
import type { OperandsOf, OptionsOf } from "../../command-line/command.ts";
import { CommandError, failure } from "../../command-line/command-error.ts";
import type { CommandContext } from "../../command-line/context.ts";
import type { ExitCode } from "../../command-line/exit-code.ts";
import { isLocal } from "../../server/listen-address.ts";
import { runServer } from "../../server/run-server.ts";
import { tlsFiles } from "../../tls/tls-credentials.ts";
import { createDownloadListener } from "./download-listener.ts";
import type { serve } from "./serve.ts";

type ServeOptions = OptionsOf<typeof serve>;

/** Serves a folder until a signal ends the process. */
export function runServe(
  settings: ServeOptions,
  context: CommandContext,
  { folder: path }: OperandsOf<typeof serve>,
): Promise<ExitCode> {
  checkFolder(path);
  const { host, port, socket, reportOnly, trustProxy } = settings;
  const address = socket === undefined ? { host, port } : { socket };
  const tls = tlsFiles(settings.tlsCert, settings.tlsKey);
  return runServer(
    settings,
    {
      address,
      tls,
      reportOnly,
      purpose: `serving ${path}`,
      warnings: warnings(path, settings, tls === undefined && !isLocal(address)),
      createListener: ({ gate, finished }) =>
        createDownloadListener({
          gate,
          origin: folder(path),
          reportOnly,
          resumeGrace: settings.resumeGrace,
          trustProxy,
          now: context.now,
          finished,
        }),
    },
    context,
  );
}

function checkFolder(folder: string): void {
  try {
    if (!statSync(folder).isDirectory()) {
      throw failure(`${folder} is not a folder`, "Give the folder that holds the files");
    }
    accessSync(folder, constants.R_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw failure(`there is no folder ${folder}`, "Give the folder that holds the files");
    if (code !== "EACCES") throw failure(`${folder}: ${message}`);
    throw failure(
      `${folder} cannot be read by the user that this runs as`,
      `Let that user read and enter it and the folders above it: chmod o+rx ${folder}`,
    );
  }
}

function warnings(folder: string, { reportOnly, trustProxy }: ServeOptions, isInClear: boolean): string[] {
  const found: string[] = [];
  if (reportOnly) {
    found.push(
      "REPORT ONLY: nothing is refused and every file is open to everybody; see the log for what would have been refused",
    );
  }
  if (isInClear && !trustProxy) {
    found.push(
      "without TLS, links can be read on their way, and devices refuse http: links; give --tls-cert and --tls-key, or put a proxy in front",
    );
  }
  if (readdirSync(folder).every((name) => name.startsWith("."))) {
    found.push(`${folder} is empty; what is put into it can be downloaded at once`);
  }
  return found;
}
