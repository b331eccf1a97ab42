import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** The binaries of the packages in test/packages/package.json. */
export const toolBinaries: string = join(root, "test/packages/node_modules/.bin");

/** One package as it would be sent to the registry. */
export interface Tarball {
  readonly folder: string;
  readonly name: string;
  readonly path: string;
  readonly shasum: string;
  readonly files: readonly string[];
}

/** A folder that is removed after the tests of this file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-packages-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Packs every package of the workspace; they must have been built. */
export function packAll(destination: string): Tarball[] {
  return readdirSync(join(root, "packages")).map((folder) => pack(folder, destination));
}

function pack(folder: string, destination: string): Tarball {
  const cwd = join(root, "packages", folder);
  if (!existsSync(join(cwd, "dist"))) throw new Error(`packages/${folder} is not built: npm run build`);
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", destination];
  const output = JSON.parse(execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  const [packed] = Object.values(output) as {
    name: string;
    filename: string;
    shasum: string;
    files: { path: string }[];
  }[];
  if (!packed) throw new Error(`npm packed nothing of packages/${folder}`);
  const path = join(destination, packed.filename);
  return { folder, name: packed.name, path, shasum: packed.shasum, files: packed.files.map((file) => file.path) };
}

/** Installs the libraries into an empty folder, as a user would. */
export function installLibraries(): string {
  const folder = temporaryFolder();
  installPacked(folder, ["cli", "core", "depot", "fastify", "issuer", "koa", "node-http", "origin", "web-fetch"]);
  return folder;
}

/** Packs packages and installs them into a folder, as a user would. */
export function installPacked(folder: string, packages: readonly string[]): void {
  const tarballs = join(folder, "tarballs");
  mkdirSync(tarballs);
  const paths = packages.map((name) => pack(name, tarballs).path);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const args = ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
  execFileSync("npm", [...args, ...paths], { cwd: folder, stdio: "ignore" });
}

/** Runs a command and returns its output; if it fails, the error contains all of the output. */
export function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): string {
  const environment = { ...process.env, ...env };
  try {
    return execFileSync(command, args, { cwd, env: environment, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(" ")}\n${stdout}\n${stderr}`);
  }
}

/** The entry points for which a package's manifest declares types and code. */
export function readManifest(folder: string): { exports: Record<string, unknown>; name: string } {
  return JSON.parse(readFileSync(join(root, "packages", folder, "package.json"), "utf8"));
}
