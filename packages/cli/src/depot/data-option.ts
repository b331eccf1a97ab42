import type { ChoiceOption, OptionTable, TextOption } from "../command-line/option.ts";
import { originOptionTable } from "../origin/origin-option-table.ts";

/** Where a depot has its data, the same for every command that uses it. */
export const dataOption = {
  kind: "text",
  placeholder: "DIR",
  required: true,
  description: "the depot's data folder, with its database and its files",
  remedy: "For example: --data /var/lib/portcullis, or PORTCULLIS_DATA in the environment",
} as const satisfies TextOption;

/** The channel of a version or a link. */
export const channelOption = {
  kind: "text",
  placeholder: "NAME",
  default: "release",
} as const satisfies Omit<TextOption, "description">;

/** The file with the key that encrypts a depot's private key. */
export const dataKeyFileOption = {
  kind: "text",
  placeholder: "FILE",
  description:
    "file with the key that encrypts the private key in the database; created if missing (default: data.key in the data folder, or the text in PORTCULLIS_DATA_KEY)",
} as const satisfies TextOption;

/** Which part of a list to print, the same for every command that lists what is in a depot. */
export const pageOptionTable = {
  limit: {
    kind: "number",
    placeholder: "N",
    min: 1,
    max: 1000,
    description: "in a list: print at most this many entries (default: 100)",
  },
  after: {
    kind: "text",
    placeholder: "ID",
    description: "in a list: continue after the entry with this ID",
  },
} as const satisfies OptionTable;

/** The database of a depot, the same for every command that uses it. */
export const databaseOption = {
  kind: "text",
  placeholder: "URL",
  description:
    "a PostgreSQL database that several depots can share, postgres://USER@HOST/NAME (default: SQLite in the data folder)",
} as const satisfies TextOption;

/** The origin of a depot, the same for every command that uses it. */
export const depotOriginOptionTable = {
  origin: {
    kind: "text",
    placeholder: "SOURCE",
    description:
      "where files can be hosted besides the data folder and the database: a folder, s3://BUCKET/PREFIX, azblob://ACCOUNT/CONTAINER/PREFIX, or https://HOST/PATH/ for files that are already there",
  },
  ...originOptionTable,
} as const satisfies OptionTable;

/** Where to host a file. */
export const hostingOption = {
  kind: "choice",
  choices: ["data-folder", "database", "origin"],
} as const satisfies Omit<ChoiceOption, "description">;
