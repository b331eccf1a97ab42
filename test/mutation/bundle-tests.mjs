/**
 * Runs in Stryker's sandbox: bundles each test file of a target, with the changed sources in it, into a module that
 * test-runner.mjs loads again for each mutant, which takes milliseconds; loading the sources would take a second.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { targets } from "./targets.mjs";

const nodeTest = fileURLToPath(new URL("node-test.mjs", import.meta.url));
const files = targets[process.argv[2]].tests.flatMap((name) =>
  name.endsWith(".ts")
    ? [join("test", name)]
    : readdirSync(join("test", name))
        .filter((file) => file.endsWith(".test.ts"))
        .map((file) => join("test", name, file)),
);

await build({
  entryPoints: files,
  outdir: "bundled-tests",
  outbase: "test",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  logLevel: "error",
  plugins: [
    {
      name: "sources",
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /^node:test$/ }, ({ path, importer }) =>
          importer === nodeTest ? { path, external: true } : { path: nodeTest },
        );
        onResolve({ filter: /^@portcullis\// }, ({ path }) => ({ path: sourceOf(path) }));
        onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
          kind === "entry-point" ? undefined : { path, external: true },
        );
        onLoad({ filter: /\.tsx?$/ }, ({ path }) => ({
          contents: readFileSync(path, "utf8").replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)),
          loader: path.endsWith("x") ? "tsx" : "ts",
        }));
      },
    },
  ],
});

/** The source of `@portcullis/origin/node`, in the sandbox. */
function sourceOf(specifier) {
  const [, name, ...entry] = specifier.split("/");
  const { exports } = JSON.parse(readFileSync(join("packages", name, "package.json"), "utf8"));
  const source = exports[[".", ...entry].join("/")]["@portcullis/source"];
  return join(process.cwd(), "packages", name, source);
}
