import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The packages that `npx portcullis` installs. */
const ownPackages = ["core", "origin", "issuer", "depot", "cli"];

let folder: string | undefined;

/**
 * Installs the packed tarballs (`npm pack`) into an empty folder and returns the command's file.
 *
 * The other packages that npm would download are linked from this checkout; the packages under
 * test come only from their tarballs. They must be built.
 */
export function installedCommand(): string {
  folder ??= install();
  return join(folder, "node_modules", "portcullis", "dist", "bin.js");
}

function install(): string {
  const target = mkdtempSync(join(tmpdir(), "portcullis-installed-"));
  chmodSync(target, 0o755); // a test runs the command as nobody
  process.once("exit", () => rmSync(target, { recursive: true, force: true }));
  const modules = join(target, "node_modules");
  for (const name of ownPackages) installPackage(resolve("packages", name), target, modules);
  return target;
}

function installPackage(source: string, target: string, modules: string): void {
  if (!existsSync(join(source, "dist"))) throw new Error(`${source} is not built: npm run build`);
  const { name, dependencies = {} } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", target], {
    cwd: source,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const home = join(modules, name);
  mkdirSync(home, { recursive: true });
  execFileSync("tar", ["-xzf", join(target, filename(packed)), "-C", home, "--strip-components=1"]);
  for (const dependency of Object.keys(dependencies)) {
    if (dependency.startsWith("@portcullis/")) continue;
    const nested = join(source, "node_modules", dependency);
    const link = join(modules, dependency);
    mkdirSync(join(link, ".."), { recursive: true });
    if (!existsSync(link)) symlinkSync(existsSync(nested) ? nested : resolve("node_modules", dependency), link);
  }
}

/** npm 10 prints a list, later versions an object by package name. */
function filename(packed: string): string {
  const [{ filename }] = Object.values(JSON.parse(packed)) as [{ filename: string }];
  return filename.replace(/^@/, "").replace("/", "-");
}
