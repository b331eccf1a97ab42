import { readdirSync, readFileSync } from "node:fs";
import { defineConfig, type Options } from "tsup";

/**
 * Every package is built the same way: from its `src/index.ts`, as ESM and CommonJS, with types for
 * each. What its package.json lists as a dependency stays an import.
 */
const packages: Options[] = readdirSync("packages").map((name) => {
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
  };
});

const config: ReturnType<typeof defineConfig> = defineConfig(packages);
export default config;
