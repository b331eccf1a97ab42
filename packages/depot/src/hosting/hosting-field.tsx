/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { JSX } from "hono/jsx/jsx-runtime";
import { type FormProblem, SelectField } from "../admin/field.tsx";
import { type DepotErrorCode, depotError } from "../depot-error.ts";
import { largestInDatabase } from "./file-parts.ts";
import type { FilePlaces } from "./file-places.ts";
import type { HostedSource, Hosting, HostingChoice, StoringHosting } from "./hosting.ts";

/** What the pages call the hosting locations. */
export const hostingNames: Readonly<Record<Hosting, string>> = {
  "data-folder": "Data folder",
  database: "Database",
  origin: "Origin",
  "web-server": "Web server",
};

/** Where files can be in a depot. */
export interface HostingOptions {
  /** Where it can store them. */
  readonly storing: readonly StoringHosting[];
  /** Whether files that are in its origin already can be published from there. */
  readonly hasOrigin: boolean;
  /** The web servers that files can be on without being stored by the depot; each `https://` and a host. */
  readonly webServers: readonly string[];
}

/** What can be chosen in this depot. */
export function hostingOptions({ origin, webServers = [] }: FilePlaces): HostingOptions {
  const storing: readonly StoringHosting[] = ["data-folder", "database", ...(origin?.write ? ["origin" as const] : [])];
  return { storing, hasOrigin: origin !== undefined, webServers };
}

/** Reads where a file is to be stored; a form without a choice leaves it to the depot. */
export function readStoringHosting(text: string): StoringHosting | undefined {
  if (text === "") return undefined;
  if (text === "data-folder" || text === "database" || text === "origin") return text;
  throw depotError("hosting_impossible", "there is no such hosting location", "Choose one from the list");
}

/** Reads the location of a file that is published from where it is: a URL, or the name of an object in the origin. */
export function readHostedSource(address: string): HostedSource {
  const isUrl = /^[a-z][a-z0-9+.-]*:/i.test(address);
  return isUrl ? { hosting: "web-server", url: address } : { hosting: "origin", object: address };
}

/** Reads where a file is to be moved. */
export function readHostingChoice(hosting: string, url: string): HostingChoice {
  if (hosting === "web-server") return { hosting, url };
  return { hosting: readStoringHosting(hosting) ?? "data-folder" };
}

/** Whether an error is about the address of a file, and not about the hosting location that was chosen. */
export function isAboutAddress(code: DepotErrorCode): boolean {
  return ["url_invalid", "web_server_unknown", "file_unavailable", "file_changed"].includes(code);
}

interface HostingFieldProps {
  readonly id: string;
  readonly options: HostingOptions;
  readonly selected: string;
  readonly problem: FormProblem | undefined;
  /** Whether the form moves files: then a web server can be chosen too, and "Same as the newest version" cannot. */
  readonly isMove?: boolean | undefined;
}

/** The choice of a hosting location. */
export function HostingField({ id, options, selected, problem, isMove = false }: HostingFieldProps): JSX.Element {
  const { storing, webServers } = options;
  const locations: readonly Hosting[] = isMove && webServers.length > 0 ? [...storing, "web-server"] : storing;
  const hint = `The database stores files of up to ${largestInDatabase / 1024 ** 2} MiB.`;
  return (
    <SelectField {...{ id, hint, problem, label: "Hosting location", name: "hosting" }}>
      {!isMove && <option value="">Same as the newest version</option>}
      {locations.map((location) => (
        <option
          value={location}
          selected={location === selected}
          data-largest={location === "database" ? String(largestInDatabase) : undefined}
        >
          {hostingNames[location]}
        </option>
      ))}
    </SelectField>
  );
}
