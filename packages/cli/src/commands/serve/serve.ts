import { type Command, defineCommand } from "../../command-line/command.ts";
import { gateOptionTable } from "../../gate/gate-option-table.ts";
import { portOption, reportOnlyOption, serverOptionTable, socketOption } from "../../server/server-option-table.ts";

/** `portcullis serve`: a folder of files, handed out to valid links only. */
export const serve: Command = defineCommand({
  name: "serve",
  summary: "serve a folder of files to valid links only",
  description:
    "Serves the files of a folder, by HTTP or HTTPS, to requests whose URL carries a valid, unexpired Jamf Pro token. One log line says of each request what was decided and why.",
  operands: {
    folder: { placeholder: "DIR", description: "the folder to serve; no listing, no hidden files" },
  },
  options: {
    ...gateOptionTable,
    host: {
      kind: "text",
      placeholder: "ADDRESS",
      description: "listen on this address only (default all)",
    },
    port: { ...portOption, default: 8080 },
    socket: socketOption,
    tlsCert: {
      kind: "text",
      placeholder: "FILE",
      description: "certificate with its chain, PEM; read again when it changes",
    },
    tlsKey: { kind: "text", placeholder: "FILE", description: "private key of the certificate, PEM" },
    reportOnly: reportOnlyOption,
    resumeGrace: {
      kind: "number",
      placeholder: "MINUTES",
      min: 0,
      max: 1440,
      default: 0,
      description: "let a download resume (Range with If-Range) with a token that expired at most so long ago",
    },
    trustProxy: {
      kind: "flag",
      description: "log the address that a proxy reports in X-Forwarded-For",
    },
    ...serverOptionTable,
  },
  examples: [
    { command: "portcullis serve apps --key public.pem", meaning: "try it out, without encryption" },
    {
      command: "portcullis serve apps -k pub.pem -p 443 --tls-cert tls.crt --tls-key tls.key",
      meaning: "for devices",
    },
  ],
  async run({ options, operands }, context) {
    const { runServe } = await import("./run-serve.ts");
    return runServe(operands.folder, options, context);
  },
});
