import { execFileSync, type SpawnSyncReturns, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { freePort } from "../support/free-port.ts";

/** A PostgreSQL server for these tests only, on loopback; it is stopped after them. */
export interface PostgresServer {
  /** Creates an empty database and returns its URL. */
  createDatabase(): string;
  /** Runs one of PostgreSQL's programs, such as pg_dump. */
  run(program: string, ...args: string[]): string;
  /** A folder that these programs can write to. */
  readonly folder: string;
  stop(): void;
  start(): void;
}

/** PostgreSQL refuses to run as root. */
const user = process.getuid?.() === 0 ? "nobody" : undefined;

/** Starts a server with a cluster in a temporary folder. */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = programFolder();
  const base = mkdtempSync(join(tmpdir(), "portcullis-postgres-"));
  const cluster = join(base, "cluster");
  mkdirSync(cluster, { mode: 0o700 });
  if (user !== undefined) for (const path of [base, cluster]) chownSync(path, idOf("-u"), idOf("-g"));
  const port = await freePort();
  const name = "portcullis";

  function asUser(program: string, args: readonly string[]): SpawnSyncReturns<string> {
    const words = [join(programs, program), ...args];
    const switched =
      user === undefined
        ? words
        : ["setpriv", "--reuid", user, "--regid", String(idOf("-g")), "--clear-groups", ...words];
    const [command = "", ...rest] = switched;
    // Output goes to files, because the server would keep a pipe open.
    return spawnSync(command, rest, { cwd: base, encoding: "utf8", stdio: program === "pg_ctl" ? "ignore" : "pipe" });
  }
  function run(program: string, ...args: string[]): string {
    const { status, stdout, stderr } = asUser(program, args);
    if (status !== 0)
      throw new Error(`${program}: ${stderr ?? ""} ${spawnSync("cat", [log], { encoding: "utf8" }).stdout}`);
    return stdout;
  }

  const log = join(base, "log");
  run("initdb", "--pgdata", cluster, "--username", name, "--auth", "trust", "--no-sync", "--encoding", "UTF8");
  const settings = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories=${base}`;
  const start = (): void =>
    void run("pg_ctl", "start", "--pgdata", cluster, "--log", log, "--options", settings, "--wait");
  const stop = (): void => void run("pg_ctl", "stop", "--pgdata", cluster, "--mode", "immediate", "--wait");
  after(() => {
    asUser("pg_ctl", ["stop", "--pgdata", cluster, "--mode", "immediate", "--wait"]);
    rmSync(base, { recursive: true, force: true });
  });
  start();

  let made = 0;
  return {
    createDatabase() {
      made += 1;
      const database = `depot_${made}`;
      run("createdb", "--host", "127.0.0.1", "--port", String(port), "--username", name, database);
      return `postgres://${name}@127.0.0.1:${port}/${database}`;
    },
    run,
    folder: base,
    start,
    stop,
  };
}

const idOf = (option: string): number => Number(execFileSync("id", [option, user ?? ""], { encoding: "utf8" }));

/** Debian installs each version in a folder of its own, which is not in PATH. */
function programFolder(): string {
  const base = "/usr/lib/postgresql";
  const [version] = existsSync(base) ? readdirSync(base).sort((one, other) => Number(other) - Number(one)) : [];
  return version === undefined ? "" : join(base, version, "bin");
}
