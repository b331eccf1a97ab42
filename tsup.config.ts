import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { defineConfig, type Options } from "tsup";
import { compileUploadForm } from "./packages/depot/browser/compile.ts";
import { compileForNjs } from "./packages/nginx/compile.ts";

/** Puts the depot's script for browsers into its package, and into a file for tests that run from the sources. */
const uploadScript: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "upload script",
  setup({ onLoad }) {
    onLoad({ filter: /upload-script\.ts$/ }, async () => {
      const text = await compileUploadForm();
      mkdirSync("packages/depot/dist", { recursive: true });
      writeFileSync("packages/depot/dist/upload-form.js", text);
      return { contents: `export const uploadScript = ${JSON.stringify(text)};`, loader: "ts" };
    });
  },
};

/**
 * Every package is built the same way: each entry of its `exports`, as ESM and CommonJS, with types for
 * each. What its package.json lists as a dependency stays an import. A command is a program, not a
 * library: it also has a `bin.ts`, is ESM only, and is split so that `--help` loads no server.
 */
const names = readdirSync("packages").filter((name) => name !== "nginx");
const packages: Options[] = names.map((name) => {
  const { dependencies = {}, bin, exports } = JSON.parse(readFileSync(`packages/${name}/package.json`, "utf8"));
  return {
    entry: { ...entries(name, exports), ...(bin && { bin: `packages/${name}/src/bin.ts` }) },
    outDir: `packages/${name}/dist`,
    format: bin ? ["esm"] : ["esm", "cjs"],
    target: "es2022",
    platform: bin ? "node" : "neutral",
    dts: bin ? { entry: `packages/${name}/src/index.ts` } : true,
    sourcemap: true,
    clean: true,
    external: [/^node:/, ...Object.keys(dependencies)],
    removeNodeProtocol: false,
    ...(name === "depot" && { esbuildPlugins: [uploadScript] }),
    esbuildOptions(options, { format }) {
      // For this platform only, esbuild writes the export names where Node's lexer finds them, so that
      // `import { createGate } from "…/index.cjs"` works.
      if (format === "cjs") options.platform = "node";
    },
  };
});

/** The source of each entry: `"./node"` of origin becomes `dist/node.js`. */
function entries(
  name: string,
  exports: Record<string, { readonly "@portcullis/source"?: string }>,
): Record<string, string> {
  const sources = Object.entries(exports).flatMap(([path, { "@portcullis/source": source }]) =>
    source === undefined ? [] : [[path === "." ? "index" : path.slice(2), `packages/${name}/${source.slice(2)}`]],
  );
  return Object.fromEntries(sources);
}

/** nginx's module is a different kind of file, ES5 for njs that contains core: packages/nginx/compile.ts writes all of it. */
const nginxModule: Options = {
  entry: { portcullis: "packages/nginx/src/index.ts" },
  outDir: "packages/nginx/dist",
  format: ["esm"],
  platform: "neutral",
  external: [/^node:/, "@portcullis/core"],
  clean: true,
  plugins: [{ name: "njs", renderChunk: async () => ({ code: await compileForNjs() }) }],
};

const config: ReturnType<typeof defineConfig> = defineConfig([...packages, nginxModule]);
export default config;
