import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import type { openStore } from "../../packages/depot/src/store/open-store.ts";
import { type RawRequest, type RawResponse, rawRequest } from "../support/raw-request.ts";
import { type MainWorld, runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type SampleApp, writeSampleApp } from "./sample-app.ts";

/** A clock that stands still until it is set, in seconds since 1970. */
export interface Clock {
  now(): number;
  pass(seconds: number): void;
}

/** Creates a clock that starts at the present, because files have real times. */
export function createClock(): Clock {
  let seconds = Math.floor(Date.now() / 1000);
  return {
    now: () => seconds,
    pass(more) {
      seconds += more;
    },
  };
}

/** The data of a depot, and the commands that use it. */
export interface DepotData {
  readonly data: string;
  /** The options that name it: `--data`, and `--database` if it is in PostgreSQL. */
  readonly place: readonly string[];
  /** The same, for `openDepot`. */
  readonly options: { readonly data: string; readonly database: string | undefined };
  /** The same, for `openStore`. */
  readonly storePlace: Parameters<typeof openStore>[0];
  /** Everything that the database contains: the bytes of its files, or what `pg_dump` writes. */
  databaseContent(): string;
  readonly clock: Clock;
  /** Publishes a sample app and returns its bytes. */
  publish(app?: SampleApp, ...more: string[]): Promise<Buffer>;
  /** Creates a link; returns its ID and its path. */
  link(...more: string[]): Promise<{ readonly id: string; readonly path: string; readonly url: string }>;
  /** Runs `portcullis link` and returns what it printed as JSON. */
  links(...args: string[]): Promise<never>;
  start(...more: string[]): Promise<RunningDepot>;
}

/** A running depot. */
export interface RunningDepot {
  readonly port: number;
  readonly statusPort: number;
  readonly adminPort: number;
  /** Everything that it has logged. */
  log(): string;
  request(target: string, request?: RawRequest): Promise<RawResponse>;
  /** Fetches the manifest and returns the target of its package, with the token. */
  packageTarget(path: string): Promise<string>;
  end(): Promise<void>;
}

/** A PostgreSQL server. */
interface DatabaseServer {
  /** Creates a database and returns its URL. */
  createDatabase(): string;
  /** Runs one of PostgreSQL's programs and returns what it prints. */
  run(program: string, ...args: string[]): string;
}

/** Set by the tests that run the same suites on PostgreSQL. */
let databaseServer: DatabaseServer | undefined;

/** Makes all depots from now on use a PostgreSQL database. */
export function useDatabases(server: DatabaseServer): void {
  databaseServer = server;
}

export const publicUrl = "https://apps.example";

/** Makes an empty folder for a depot, whose commands get `env`; it is removed when the test file is done. */
export function depotData(clock: Clock = createClock(), env: Readonly<Record<string, string>> = {}): DepotData {
  const running: RunningDepot[] = [];
  // Before the folder is removed. Not where a depot is started: in a `before` hook, it would end with the hook.
  after(async () => {
    for (const { end } of running) await end();
  });
  const base = temporaryFolder();
  const data = join(base, "data");
  const url = databaseServer?.createDatabase();
  const place = ["--data", data, ...(url === undefined ? [] : ["--database", url])];
  const storePlace = url === undefined ? { file: join(data, "depot.db") } : { url };
  const world = { now: clock.now, env };
  let published = 0;

  async function run(args: readonly string[], more: MainWorld = {}): Promise<string> {
    const { code, stdout, stderr } = await runMain(args, { ...world, ...more });
    assert.equal(code, 0, stderr);
    return stdout;
  }

  return {
    data,
    place,
    options: { data, database: url },
    storePlace,
    databaseContent() {
      if (url !== undefined) return databaseServer?.run("pg_dump", "--dbname", url) ?? "";
      const files = readdirSync(data).filter((name) => name.startsWith("depot.db"));
      return files.map((name) => readFileSync(join(data, name), "latin1")).join("");
    },
    clock,
    async publish(app, ...more) {
      published += 1;
      const file = writeSampleApp(join(base, `App-${published}.ipa`), app);
      await run(["publish", file, ...place, "--json", ...more]);
      return readFileSync(file);
    },
    async link(...more) {
      const args = ["link", "create", "com.example.notes", "--for", "iPad", "--public-url", publicUrl, "--json"];
      const { id, url } = JSON.parse(await run([...args, ...place, ...more]));
      return { id, url, path: url.slice(publicUrl.length) };
    },
    async links(...args) {
      return JSON.parse(await run(["link", ...args, ...place, "--json"])) as never;
    },
    async start(...more) {
      const started = await startDepot([...place, ...more], world);
      running.push(started);
      return started;
    },
  };
}

async function startDepot(more: readonly string[], world: MainWorld): Promise<RunningDepot> {
  const signals = new EventEmitter();
  let output = "";
  let found: ((port: number) => void) | undefined;
  const args = [
    "depot",
    "--public-url",
    publicUrl,
    "--host",
    "127.0.0.1",
    "--port",
    "0",
    "--status",
    "127.0.0.1:0",
    "--admin",
    "127.0.0.1:0",
  ];
  const listening = new Promise<number>((resolve) => {
    found = resolve;
  });
  const running = runMain([...args, "--grace", "0s", ...more], {
    ...world,
    signals,
    onOutput(text) {
      output += text;
      const [, port] = /for https:\S+ on http:\/\/127\.0\.0\.1:(\d+)/.exec(output) ?? [];
      if (port) found?.(Number(port));
    },
  });
  const end = async (): Promise<void> => {
    signals.emit("SIGTERM");
    const { code, stderr } = await running;
    assert.equal(code, 0, stderr);
  };
  const port = await Promise.race([listening, running.then(({ stderr }) => assert.fail(stderr))]);

  const request = (target: string, options?: RawRequest) => rawRequest(port, target, options);
  return {
    port,
    statusPort: Number(/status: http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1]),
    adminPort: Number(/administration: http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1]),
    log: () => output,
    request,
    async packageTarget(path) {
      const { status, body } = await request(path);
      assert.equal(status, 200, body.toString());
      const [, target = ""] = /<string>https:\/\/apps\.example(\/f\/[^<]+)<\/string>/.exec(body.toString()) ?? [];
      assert.notEqual(target, "", "the manifest has a package");
      return target.replaceAll("&amp;", "&");
    },
    end,
  };
}
