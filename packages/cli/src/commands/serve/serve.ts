import { defineCommand } from "../../command-line/command.ts";
import { gateOptionTable } from "../../gate/gate-option-table.ts";
import { portOption, reportOnlyOption, serverOptionTable, socketOption } from "../../server/server-option-table.ts";

/** `portcullis serve`: a folder of files, handed out to valid links only. */
export const serve = defineCommand({
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
      description: "certificate with its chain, PEM; reloaded when it changes",
    },
    tlsKey: { kind: "text", placeholder: "FILE", description: "private key of the certificate, PEM" },
    reportOnly: reportOnlyOption,
    resumeGrace: {
      kind: "duration",
      bareUnit: "min",
      min: 0,
      max: 86_400,
      default: 0,
      description: "let a download resume (Range with If-Range) with a token that expired at most this long ago",
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
});
