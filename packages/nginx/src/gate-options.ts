import fs from "node:fs";
import type { GateOptions } from "@portcullis/core";
import type { NginxRequest } from "./nginx-request.ts";

/** The object that `js_preload_object portcullis_options from FILE.json;` creates (njs 0.7.8 and later). */
interface Preloaded {
  readonly portcullis_options?: GateOptions;
}

/**
 * Reads a gate's options from nginx's configuration: a preloaded JSON object, or variables, of which only
 * `$portcullis_keys` is required. A variable takes precedence over the same preloaded option.
 *
 * njs starts from scratch for every request and would forget a cached token immediately, so there is no cache.
 */
export function readGateOptions({ variables }: NginxRequest): GateOptions {
  const { portcullis_options: preloaded } = globalThis as Preloaded;
  const text = (name: string): string | undefined => variables[`portcullis_${name}`] || undefined;
  const keyFiles = text("keys");
  const found = {
    keys: keyFiles && readKeyFiles(keyFiles),
    issuer: text("issuer"),
    subject: text("subject"),
    audience: text("audience"),
    pathBound: flag(text("path_bound")),
    clockSkew: quantity(text("clock_skew")),
    maxLifetime: quantity(text("max_lifetime")),
    tokenParameter: text("token_parameter"),
  };
  const options: Record<string, unknown> = { ...preloaded, cacheSize: 0 };
  for (const name of Object.keys(found) as (keyof typeof found)[]) {
    if (found[name] !== undefined) options[name] = found[name];
  }
  return options as unknown as GateOptions;
}

/** One path, or several separated by spaces: two keys are needed while one replaces the other. */
function readKeyFiles(paths: string): string[] {
  return paths.trim().split(/\s+/).map(readKeyFile);
}

function readKeyFile(path: string): string {
  try {
    return fs.readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`keys: the file ${path} cannot be read (${(error as Error).message})`);
  }
}

/** Core refuses anything but `on` and `off`, with the name of the option. */
function flag(text: string | undefined): boolean | string | undefined {
  return text === "on" ? true : text === "off" ? false : text;
}

/** NaN for anything that is not a number; core refuses it, with the name of the option. */
function quantity(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
