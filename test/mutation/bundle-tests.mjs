/**
 * Runs in Stryker's sandbox: bundles each test file of a target, with the changed sources in it, into a module that
 * test-runner.mjs loads again for each mutant, which takes milliseconds; loading the sources would take a second.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { preamble } from "./child-processes.mjs";
import { targets } from "./targets.mjs";

const nodeTest = fileURLToPath(new URL("node-test.mjs", import.meta.url));
const { tests, command = false } = targets[process.argv[2]];
const files = tests.flatMap((name) =>
  name.endsWith(".ts")
    ? [join("test", name)]
    : readdirSync(join("test", name))
        .filter((file) => file.endsWith(".test.ts"))
        .map((file) => join("test", name, file)),
);

const isNested = Symbol("nested");
/** Every import of our own becomes part of the bundle; all others stay imports. */
const sources = {
  name: "sources",
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^node:test$/ }, ({ path, importer }) =>
      importer === nodeTest ? { path, external: true } : { path: nodeTest },
    );
    onResolve({ filter: /^(@portcullis\/|portcullis$)/ }, ({ path }) => ({ path: sourceOf(path) }));
    onResolve({ filter: /^[^./]/ }, async ({ path, importer, kind, pluginData }) => {
      if (kind === "entry-point" || pluginData === isNested) return undefined;
      const [, name] = /packages\/([^/]+)\/src\//.exec(importer) ?? [];
      const home = join(process.env.PORTCULLIS_MUTATION_ROOT ?? ".", "packages", name ?? "");
      if (name === undefined || !existsSync(join(home, "node_modules", path))) return { path, external: true };
      // A package of its own: from the folder of the bundles, the same import finds another version.
      const found = await resolve(path, { kind, resolveDir: home, pluginData: isNested });
      return { path: found.path, external: true };
    });
    onLoad({ filter: /\.tsx?$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)),
      loader: path.endsWith("x") ? "tsx" : "ts",
    }));
  },
};
const common = { bundle: true, format: "esm", platform: "node", target: "node20", logLevel: "error" };

await build({
  ...common,
  entryPoints: files,
  outdir: "bundled-tests",
  outbase: "test",
  outExtension: { ".js": ".mjs" },
  plugins: [sources],
});
if (command) {
  chmodSync(".", 0o755); // a test runs the command as nobody
  // Where the tests look for the built command.
  await build({
    ...common,
    entryPoints: ["packages/cli/src/bin.ts"],
    outdir: "packages/cli/dist",
    splitting: true,
    banner: { js: preamble },
    plugins: [sources],
  });
  for (const name of ["core", "depot", "issuer", "origin", "cli"]) {
    mkdirSync(`packages/${name}/dist`, { recursive: true });
    writeFileSync(`packages/${name}/dist/index.js`, "");
  }
}

/** The source of `@portcullis/origin/node` or `portcullis`, in the sandbox. */
function sourceOf(specifier) {
  const [, name = "cli", ...entry] = specifier.split("/");
  const { exports } = JSON.parse(readFileSync(join("packages", name, "package.json"), "utf8"));
  const source = exports[[".", ...entry].join("/")]["@portcullis/source"];
  return join(process.cwd(), "packages", name, source);
}
