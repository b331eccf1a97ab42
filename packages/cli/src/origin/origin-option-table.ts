import type { OptionTable, OptionValues } from "../command-line/option.ts";

/** How a bucket, a container or a web server is reached, the same for every command that uses one. */
export const originOptionTable = {
  region: { kind: "text", placeholder: "NAME", description: "region of the s3:// bucket (default: from AWS_REGION)" },
  endpoint: {
    kind: "text",
    placeholder: "URL",
    description:
      "the URL of the storage service, for an s3:// bucket outside Amazon (R2, MinIO, Ceph, Google) or an azblob:// service outside Azure's public cloud",
  },
  addressing: {
    kind: "choice",
    choices: ["path", "virtual"],
    description:
      "whether the name of the s3:// bucket is in the URL's path or host name (default: virtual at Amazon, path with --endpoint)",
  },
  originHeaderFile: {
    kind: "text",
    placeholder: "FILE",
    description: "file with the header that the https:// server expects, such as Authorization: Bearer SECRET",
  },
} as const satisfies OptionTable;

/** Their values. */
export type OriginOptionValues = OptionValues<typeof originOptionTable>;
