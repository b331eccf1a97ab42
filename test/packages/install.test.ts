import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { binaries } from "../runtimes/command-line-runtimes.ts";
import { signingKey, signToken } from "../support/signing-key.ts";
import { installLibraries, root, run } from "./packed.ts";

const folder = installLibraries();
const key = signingKey();
const token = signToken(key, { sub: "AppManifest", iss: "JSS", exp: Math.floor(Date.now() / 1000) + 600 });

/** Uses every library, and prints the decisions about a valid token and about none. */
const use = `
const keys = ${JSON.stringify(key.publicPem)};
const url = "http://localhost/a.ipa";
const gate = createGate({ keys });
const codes = [];
for (const query of ["?token=${token}", ""]) {
  const decision = await gate.check(url + query);
  const response = await guardFetch({ keys }, () => new Response("file"))(new Request(url + query));
  codes.push(decision.allowed ? "allowed" : decision.code, response.status);
}
codes.push(typeof guardHttp({ keys }), typeof guardKoa({ keys }), typeof guardFastify);
console.log(codes.join(" "));
`;
const expected = "allowed 200 token_missing 401 function function function\n";

const imports = `import { createGate } from "@portcullis/core";
import { guard as guardFetch } from "@portcullis/web-fetch";
import { guard as guardHttp } from "@portcullis/node-http";
import { guard as guardKoa } from "@portcullis/koa";
import { guard as guardFastify } from "@portcullis/fastify";
`;
const requires = `const { createGate } = require("@portcullis/core");
const { guard: guardFetch } = require("@portcullis/web-fetch");
const { guard: guardHttp } = require("@portcullis/node-http");
const { guard: guardKoa } = require("@portcullis/koa");
const { guard: guardFastify } = require("@portcullis/fastify");
`;

function write(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return name;
}

test("the packages can be imported", () => {
  assert.equal(run(process.execPath, [write("use.mjs", imports + use)], folder), expected);
});

test("the packages can be required", () => {
  const script = `${requires}(async () => {${use}})();`;
  assert.equal(run(process.execPath, [write("use.cjs", script)], folder), expected);
});

test("the installed packages work in Deno, with no permissions", () => {
  const flags = ["run", "--no-prompt", "--node-modules-dir=manual"];
  assert.equal(run(binaries.deno, [...flags, write("deno.mjs", imports + use)], folder), expected);
});

test("the installed packages work in Bun", () => {
  assert.equal(run(binaries.bun, [write("bun.mjs", imports + use)], folder), expected);
});

test("every package exports the same names to import and to require", () => {
  for (const name of ["core", "fastify", "issuer", "koa", "node-http", "web-fetch"]) {
    const script = `const required = Object.keys(require("@portcullis/${name}")).sort().join();
import("@portcullis/${name}").then((module) => console.log(required !== "" && required === Object.keys(module).filter((name) => name !== "module.exports" && name !== "default").sort().join()));`;
    assert.equal(run(process.execPath, [write(`names-${name}.cjs`, script)], folder), "true\n", name);
  }
});

test("core loaded both ways recognises its own errors across the two copies", () => {
  const script = `import { createRequire } from "node:module";
import { isConfigurationError } from "@portcullis/core";
const { createGate } = createRequire(import.meta.url)("@portcullis/core");
try { createGate({}); } catch (error) { console.log(isConfigurationError(error), error.option); }`;
  assert.equal(run(process.execPath, [write("copies.mjs", script)], folder), "true keys\n");
});

const typedUse = `import { createGate, type Decision } from "@portcullis/core";
import { createServer } from "node:http";
import { guard as guardFetch } from "@portcullis/web-fetch";
import { guard as guardHttp } from "@portcullis/node-http";
import { guard as guardKoa } from "@portcullis/koa";
import { type GuardedInstance, type GuardOptions, guard as guardFastify } from "@portcullis/fastify";

const keys = "";
export function codeOf(decision: Decision): string {
  return decision.allowed ? decision.keyId : decision.code;
}
export const check: Promise<Decision> = createGate({ keys }).check("/");
export const response: Promise<Response> = guardFetch({ keys }, () => new Response())(new Request("http://localhost/"));
createServer(guardHttp({ keys }, (_request, response) => response.end()));
guardKoa({ keys });
export const plugin: (instance: GuardedInstance, options: GuardOptions) => Promise<void> = guardFastify;
// @ts-expect-error: an unknown option
createGate({ keys, clockskew: 1 });
`;

for (const [resolution, options, extension] of [
  ["node16", { module: "node16", moduleResolution: "node16" }, "mts"],
  ["node16 from CommonJS", { module: "node16", moduleResolution: "node16" }, "cts"],
  ["nodenext", { module: "nodenext", moduleResolution: "nodenext" }, "mts"],
  ["nodenext from CommonJS", { module: "nodenext", moduleResolution: "nodenext" }, "cts"],
  ["bundler", { module: "esnext", moduleResolution: "bundler" }, "ts"],
  ["CommonJS, as before Node knew exports", { module: "commonjs", moduleResolution: "node10" }, "ts"],
] as const) {
  test(`TypeScript finds the types: ${resolution}`, () => {
    const file = write(`typed.${extension}`, typedUse);
    const compilerOptions = {
      ...options,
      target: "es2022",
      lib: ["es2023", "dom"],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
      typeRoots: [join(root, "node_modules/@types")],
      types: ["node"],
    };
    write("tsconfig.json", JSON.stringify({ compilerOptions, files: [file] }));
    assert.equal(run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."], folder), "");
  });
}

/** Code that a browser or a worker could use: it contains no adapter for Node. */
const portableUse = `import { createGate } from "@portcullis/core";
import { guard as guardFetch } from "@portcullis/web-fetch";
const guardHttp = createGate, guardKoa = createGate, guardFastify = createGate;
${use.replace("typeof guardHttp({ keys }), typeof guardKoa({ keys })", '"function", "function"')}`;

const bundlers: Record<string, (entry: string, output: string) => Promise<void>> = {
  async esbuild(entry, output) {
    await build({
      entryPoints: [entry],
      outfile: output,
      bundle: true,
      format: "esm",
      platform: "browser",
      target: "es2022",
    });
  },
  async Rollup(entry, output) {
    const { rollup } = await import("rollup");
    const { nodeResolve } = await import("@rollup/plugin-node-resolve");
    const bundle = await rollup({
      input: entry,
      plugins: [nodeResolve({ browser: true })],
      onwarn: (warning) => assert.fail(warning.message),
    });
    await bundle.write({ file: output, format: "es" });
  },
  async Vite(entry, output) {
    const { build: viteBuild } = await import("vite");
    await viteBuild({
      root: folder,
      logLevel: "error",
      build: {
        outDir: join(output, ".."),
        emptyOutDir: false,
        target: "es2022",
        lib: { entry, formats: ["es"], fileName: () => output.split("/").at(-1) as string },
      },
    });
  },
  async webpack(entry, output) {
    const { default: webpack } = await import("webpack");
    await new Promise<void>((resolve, reject) => {
      webpack(
        {
          mode: "production",
          context: folder,
          entry,
          target: ["web", "es2022"],
          experiments: { outputModule: true },
          output: { path: join(output, ".."), filename: output.split("/").at(-1) as string, module: true },
        },
        (error, stats) => {
          if (error) reject(error);
          else if (stats?.hasErrors() || stats?.hasWarnings()) reject(new Error(stats.toString()));
          else resolve();
        },
      );
    });
  },
};

for (const [name, bundle] of Object.entries(bundlers)) {
  test(`${name} bundles the gate for browsers and workers, without Node's modules`, async () => {
    const entry = join(folder, write("bundle-entry.mjs", portableUse));
    const output = join(folder, `bundled-${name.toLowerCase()}.mjs`);
    await bundle(entry, output);
    const code = readFileSync(output, "utf8");
    assert.doesNotMatch(code, /(from|import|require)\s*\(?\s*["'`](node:)?(crypto|fs|buffer)["'`]/);
    assert.equal(run(process.execPath, [output], folder), expected);
  });
}
