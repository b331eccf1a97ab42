import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type DataKey, type Depot, isDepotError, openDepot } from "@portcullis/depot";
import { failure } from "../command-line/command-error.ts";
import { describeSystemError, isSystemError } from "../system/describe-system-error.ts";
import type { OpenedDepotOrigin } from "./open-depot-origin.ts";

/** The options that say where a depot is. */
interface DepotPlace {
  readonly data: string;
  readonly database: string | undefined;
  /** Opens the origin that files can be in. */
  readonly openOrigin?: (() => Promise<OpenedDepotOrigin>) | undefined;
  /** Reads the data key, which a depot needs to request files from web servers with a token. */
  readonly readKey?: (() => DataKey) | undefined;
}

/** Opens the data of a depot for one command, and closes it. */
export async function withDepot<Result>(
  { data, database, openOrigin, readKey }: DepotPlace,
  now: () => number,
  use: (depot: Depot) => Promise<Result>,
): Promise<Result> {
  return explainDepotErrors(data, async () => {
    const origin = await openOrigin?.();
    const depot = await openDepot({ data, database, ...origin, dataKey: readKey?.(), now, actor: commandUser() });
    try {
      return await use(depot);
    } finally {
      await depot.close();
    }
  });
}

/** Who made a change, for the audit log. */
function commandUser(): string {
  try {
    return `command line (${userInfo().username})`;
  } catch {
    return "command line"; // a user without a name, as in some containers
  }
}

/** Refuses a folder without a depot: the name is probably wrong, and a new depot there would be a surprise. */
export function checkDepotExists({ data, database }: DepotPlace): void {
  if (database !== undefined || existsSync(join(data, "depot.db"))) return;
  throw failure(
    `there is no depot in ${data}`,
    "Pass the folder that the depot is started with, or publish a file first",
  );
}

/** Turns refusals by the depot, its database and the system into error messages. */
export async function explainDepotErrors<Result>(data: string, use: () => Promise<Result>): Promise<Result> {
  try {
    return await use();
  } catch (error) {
    if (isDepotError(error)) throw failure(error.message, error.remedy);
    if (isSystemError(error)) throw failure(`${error.path ?? data}: ${describeSystemError(error)}`);
    if (isDatabaseError(error)) throw failure(`the database in ${data} cannot be used: ${error.message}`);
    throw error;
  }
}

function isDatabaseError(error: unknown): error is Error {
  // PostgreSQL has codes of five letters and digits.
  const code = String((error as NodeJS.ErrnoException).code);
  return error instanceof Error && (code.startsWith("SQLITE_") || /^[0-9A-Z]{5}$/.test(code));
}
