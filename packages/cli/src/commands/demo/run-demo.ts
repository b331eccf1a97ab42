import { createServer } from "node:http";
import { addToken, createGate, type Decision, type ObservedRequest } from "@portcullis/core";
import { guard } from "@portcullis/node-http";
import { folder as folderOrigin, serveFrom } from "@portcullis/origin/node";
import type { OptionsOf } from "../../command-line/command.ts";
import type { CommandContext } from "../../command-line/context.ts";
import { type ExitCode, exitCode } from "../../command-line/exit-code.ts";
import { listenOnFreePort } from "../../server/listen.ts";
import { untilSignal } from "../../server/until-signal.ts";
import type { demo } from "./demo.ts";
import { demoPage } from "./demo-page.ts";
import { createEphemeralKey } from "./ephemeral-key.ts";
import { createSampleFolder } from "./sample-files.ts";

/** Serves sample files until Ctrl-C, and says what to try. */
export async function runDemo(options: OptionsOf<typeof demo>, context: CommandContext): Promise<ExitCode> {
  const { out, now } = context;
  const ended = untilSignal(context.signals, ["SIGINT", "SIGTERM", "SIGHUP"]);
  const key = await createEphemeralKey();
  const gate = createGate({ keys: key.publicPem, now });
  const folder = createSampleFolder();
  try {
    const onDecision = (decision: Decision, request: ObservedRequest) =>
      out.line(decisionLine(decision, request, context));
    const serveFiles = serveFrom(folderOrigin(folder.path));
    const server = createServer(guard({ gate, onDecision }, serveFiles));
    const port = await listenOnFreePort(server, options.port);

    const validUntil = now() + options.expiry;
    const expiredAt = now() - 2 * 60;
    const address = `http://127.0.0.1:${port}`;
    const [first, ...others] = folder.names;
    const link = `${address}/${first}`;
    out.line(
      demoPage({
        colours: out.colours,
        address,
        working: addToken(link, key.issueToken(validUntil)),
        validUntil: new Date(validUntil * 1000),
        withoutToken: link,
        expired: addToken(link, key.issueToken(expiredAt)),
        expiredAt: new Date(expiredAt * 1000),
        otherPaths: others.map((name) => `/${name}`),
      }),
    );

    await ended;
    server.close();
    server.closeAllConnections();
    out.line("\nThe demo is over; its key and files are gone.");
    return exitCode.success;
  } finally {
    folder.remove();
  }
}

function decisionLine(
  decision: Decision,
  { method, url }: ObservedRequest,
  { out: { colours }, now }: CommandContext,
): string {
  const time = new Date(now() * 1000).toTimeString().slice(0, 8);
  const path = url.split("?")[0];
  const verdict = decision.allowed ? colours.green("allowed") : `${colours.red("refused")}  ${decision.code}`;
  return `${colours.dim(time)}  ${method.padEnd(4)} ${path}  ${verdict}`;
}
