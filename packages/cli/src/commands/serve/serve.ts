import { defineCommand } from "../../command-line/command.ts";
import { gateOptionTable } from "../../gate/gate-option-table.ts";
import { originOptionTable } from "../../origin/origin-option-table.ts";
import {
  hostOption,
  portOption,
  reportOnlyOption,
  resumeGraceOption,
  serverOptionTable,
  socketOption,
  tlsOptionTable,
  trustProxyOption,
  workersOption,
} from "../../server/server-option-table.ts";

/** `portcullis serve`: a folder or a bucket, served only through valid links. */
export const serve = defineCommand({
  name: "serve",
  summary: "serve a folder or a bucket, only through links with a valid token",
  description:
    "Serves the files of a folder, a private bucket or a private web server, over HTTP or HTTPS, to requests whose URL carries a valid, unexpired Jamf Pro token. Logs one line for each request, with the decision and the reason.",
  operands: {
    source: {
      placeholder: "SOURCE",
      description:
        "a folder, s3://BUCKET/PREFIX, azblob://ACCOUNT/CONTAINER/PREFIX or https://HOST/PATH/; directories are not listed, and hidden files are not served",
    },
  },
  options: {
    ...gateOptionTable,
    host: hostOption,
    port: { ...portOption, default: 8080 },
    socket: socketOption,
    ...tlsOptionTable,
    reportOnly: reportOnlyOption,
    resumeGrace: resumeGraceOption,
    trustProxy: trustProxyOption,
    ...originOptionTable,
    cache: {
      kind: "text",
      placeholder: "DIR",
      description: "cache files from the bucket or web server in this folder (default: off)",
    },
    cacheSize: {
      kind: "number",
      placeholder: "GB",
      min: 1,
      max: 1_000_000,
      default: 10,
      description: "maximum size of the cache; the least recently used files are removed",
    },
    cacheRefresh: {
      kind: "duration",
      bareUnit: "s",
      min: 0,
      max: 86_400,
      default: 0,
      description: "check this often whether a cached file is current; 0 checks on every request",
    },
    cacheFreshOnly: {
      kind: "flag",
      description: "while the bucket or web server is down, serve nothing from the cache",
    },
    ...serverOptionTable,
    workers: workersOption,
  },
  examples: [
    { command: "portcullis serve apps --key public.pem", meaning: "try it out, without encryption" },
    {
      command: "portcullis serve apps -k pub.pem -p 443 --tls-cert tls.crt --tls-key tls.key",
      meaning: "for devices",
    },
    {
      command: "portcullis serve s3://apps/prod -k pub.pem --cache /var/cache/portcullis",
      meaning: "a private bucket, with a cache on this computer",
    },
  ],
});
