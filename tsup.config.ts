import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { defineConfig, type Options } from "tsup";
import { compileForNjs } from "./packages/nginx/compile.ts";

/**
 * Every package is built the same way: from its `src/index.ts`, as ESM and CommonJS, with types for
 * each. What its package.json lists as a dependency stays an import. Only nginx's module is another
 * kind of file, made by packages/nginx/compile.ts.
 */
const names = readdirSync("packages").filter((name) => name !== "nginx");
const packages: Options[] = names.map((name) => {
  const { dependencies = {} } = JSON.parse(readFileSync(`packages/${name}/package.json`, "utf8"));
  return {
    entry: [`packages/${name}/src/index.ts`],
    outDir: `packages/${name}/dist`,
    format: ["esm", "cjs"],
    target: "es2022",
    platform: "neutral",
    dts: true,
    sourcemap: true,
    clean: true,
    external: [/^node:/, ...Object.keys(dependencies)],
    ...(name === "core" && { onSuccess: writeNginxModule }),
  };
});

async function writeNginxModule(): Promise<void> {
  mkdirSync("packages/nginx/dist", { recursive: true });
  writeFileSync("packages/nginx/dist/portcullis.js", await compileForNjs());
}

const config: ReturnType<typeof defineConfig> = defineConfig(packages);
export default config;
