import { defineCommand } from "../../command-line/command.ts";
import { databaseOption, dataKeyFileOption, dataOption, depotOriginOptionTable } from "../../depot/data-option.ts";
import {
  hostOption,
  portOption,
  resumeGraceOption,
  serverOptionTable,
  tlsOptionTable,
  trustProxyOption,
} from "../../server/server-option-table.ts";

/** `portcullis depot`: stable links, fresh tokens. */
export const depot = defineCommand({
  name: "depot",
  summary: "serve apps through stable, revocable links with fresh tokens",
  description:
    "Serves the apps and packages in its data folder through links that stay the same: for MDMs that accept a static manifest URL, for declarative device management, or without an MDM. Each manifest that a device requests contains a fresh token, which is valid for minutes and opens one file. For each manifest, a receipt records what the device did with it. Publish files with portcullis publish, and create links with portcullis link.",
  operands: {},
  options: {
    data: dataOption,
    database: databaseOption,
    ...depotOriginOptionTable,
    publicUrl: {
      kind: "text",
      placeholder: "URL",
      required: true,
      description: "the URL at which clients reach the depot: https://, a host, and a port if it is not 443",
      remedy: "For example: --public-url https://apps.example",
    },
    admin: {
      kind: "text",
      placeholder: "ADDRESS",
      default: "127.0.0.1:9443",
      description:
        "serve the administration pages here: a port, HOST:PORT or the path of a Unix socket; off turns them off. Other computers can reach them only if the depot has a certificate",
    },
    adminUrl: {
      kind: "text",
      placeholder: "URL",
      description: "the URL at which browsers reach the administration pages, if they are behind a proxy with TLS",
      remedy: "For example: --admin-url https://depot-admin.example",
    },
    webServer: {
      kind: "list",
      placeholder: "URL",
      description:
        "web server, as https://HOST, whose files can be published by URL on the administration pages and with publish --to",
    },
    resetPassword: {
      kind: "flag",
      description:
        "print a setup link for a new administrator password; the old password works until the link has been used",
    },
    host: hostOption,
    port: { ...portOption, default: 8443 },
    ...tlsOptionTable,
    dataKeyFile: dataKeyFileOption,
    maxUpload: {
      kind: "number",
      placeholder: "MIB",
      min: 1,
      max: 1_048_576,
      default: 4096,
      description: "largest file that can be uploaded, in MiB",
    },
    receiptRetention: {
      kind: "duration",
      min: 86_400,
      max: 3650 * 86_400,
      default: 90 * 86_400,
      description: "how long to store receipts, which contain the IP addresses of clients",
    },
    resumeGrace: resumeGraceOption,
    trustProxy: trustProxyOption,
    ...serverOptionTable,
  },
  examples: [
    {
      command: "portcullis depot --data data --public-url https://apps.example --trust-proxy",
      meaning: "behind a proxy that terminates TLS",
    },
    {
      command: "portcullis depot --data data --public-url https://a.example --origin s3://apps",
      meaning: "with the files in a private bucket",
    },
  ],
});
