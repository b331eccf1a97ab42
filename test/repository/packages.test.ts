import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";

const names = readdirSync("packages");
const libraries = names.filter((name) => name !== "cli" && existsSync(`packages/${name}/jsr.json`));
const readJson = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const sourceFiles = (name: string): string[] =>
  readdirSync(`packages/${name}/src`, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => `packages/${name}/src/${file}`);

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8").replace(/^\s*\*.*$/gm, ""); // not the examples in comments
  const statements = text.matchAll(
    /^\s*(?:import|export)\b[^;]*?[}\s*]from\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|^import\s+"([^"]+)"/gm,
  );
  return [...statements].map((match) => (match[1] ?? match[2] ?? match[3]) as string);
}

/** A path from the file back to itself along relative imports, including those of types; `undefined` if there is none. */
function circleThrough(file: string): readonly string[] | undefined {
  const visited = new Set<string>();
  const waiting: (readonly string[])[] = [[file]];
  for (let way = waiting.pop(); way; way = waiting.pop()) {
    const from = way.at(-1) as string;
    for (const imported of importsOf(from).filter((specifier) => /^\.\.?\/.*\.tsx?$/.test(specifier))) {
      const next = join(dirname(from), imported);
      if (next === file) return [...way, file];
      if (!visited.has(next)) waiting.push([...way, next]);
      visited.add(next);
    }
  }
  return undefined;
}

/** What each package may import besides itself: imports have one direction. */
const mayImport: Record<string, RegExp> = {
  core: /^$/,
  "node-http": /^(node:|@portcullis\/core$)/,
  fastify: /^@portcullis\/core$/,
  koa: /^@portcullis\/core$/,
  "web-fetch": /^@portcullis\/core$/,
  origin: /^(node:|aws4fetch$)/,
  depot:
    /^(node:|@portcullis\/(core|issuer|origin(\/node)?)$|hono(\/[\w/-]+)?$|(@fastify\/busboy|kysely|libsql|pg|@tus\/server|qrcode-generator)$)/,
};

/** The folders of packages/cli/src, lowest layer first; a command is on top of them, and the list of commands above it. */
const commandLayers: readonly (readonly string[])[] = [
  ["system", "terminal", "token"],
  ["command-line", "decision-log"],
  ["gate", "log-files", "origin", "tls"],
  ["depot", "server", "signing"],
];

function folderOf(file: string, root: string): string {
  return dirname(file).slice(root.length + 1);
}

function layerOf(folder: string): number {
  if (folder === "") return commandLayers.length + 1;
  if (folder.startsWith("commands/")) return commandLayers.length;
  const layer = commandLayers.findIndex((folders) => folders.includes(folder));
  assert.notEqual(layer, -1, `packages/cli/src/${folder} has no layer`);
  return layer;
}

function linesOfCode(files: readonly string[]): number {
  const lines = files.flatMap((file) => readFileSync(file, "utf8").split("\n"));
  return lines.filter((line) => !/^\s*(\/\/|\/?\*|$)/.test(line)).length;
}

describe("import direction", () => {
  test("core imports nothing, adapters import core, nothing imports the command", () => {
    for (const name of names) {
      for (const file of sourceFiles(name)) {
        for (const imported of importsOf(file)) {
          if (imported.startsWith("./") || imported.startsWith("../")) {
            assert.match(imported, /\.(tsx?|json)$/, `${file} imports ${imported}`);
            assert.doesNotMatch(imported, /packages|\.\.\/\.\.\/\.\./, `${file} leaves its package`);
            continue;
          }
          assert.notEqual(imported, "portcullis", `${file} imports the command`);
          const allowed = mayImport[name];
          if (allowed) assert.match(imported, allowed, `${file} imports ${imported}`);
        }
      }
    }
  });

  test("no package has an import cycle, not even of types", () => {
    for (const file of names.flatMap(sourceFiles)) assert.deepEqual(circleThrough(file), undefined, file);
  });

  test("in the command, folders import only lower layers, and no command imports another except demo serve", () => {
    const root = "packages/cli/src";
    for (const file of sourceFiles("cli")) {
      const from = folderOf(file, root);
      for (const imported of importsOf(file).filter((specifier) => /^\.\.?\/.*\.tsx?$/.test(specifier))) {
        const to = folderOf(join(dirname(file), imported), root);
        if (from === to || (from === "commands/demo" && to === "commands/serve")) continue;
        assert.ok(layerOf(to) < layerOf(from), `${file} imports ${imported}`);
      }
    }
  });

  test("the inspector page imports nothing that needs Node: what it shares with the command runs in a browser", () => {
    const visited = new Set<string>();
    const waiting = ["inspector/src/main.ts"];
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (visited.has(file)) continue;
      visited.add(file);
      const text = readFileSync(file, "utf8").replace(/^import type [^;]*;$/gm, "");
      assert.doesNotMatch(
        text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, "").replaceAll("`", ""),
        /\b(?:Buffer|process)\./,
        file,
      );
      for (const [, imported = ""] of text.matchAll(/^(?:import|export)\b[^;]*?\bfrom\s*"([^"]+)"/gm)) {
        if (imported.startsWith(".")) waiting.push(join(dirname(file), imported));
        else assert.equal(imported, "@portcullis/core", file);
      }
    }
    assert.ok(visited.has("packages/cli/src/commands/inspect/examine.ts") && visited.size > 20);
  });

  test("what is imported is declared: every package lists exactly the packages it imports", () => {
    for (const name of names) {
      const imported = new Set(
        sourceFiles(name)
          .flatMap(importsOf)
          .filter((specifier) => !/^(\.|node:)/.test(specifier))
          .map((specifier) => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/")),
      );
      const { dependencies, devDependencies } = readJson(`packages/${name}/package.json`);
      // What is compiled into nginx's one file is needed to build it, not to run it.
      const declared = Object.keys((name === "nginx" ? devDependencies : dependencies) ?? {});
      assert.deepEqual([...imported].sort(), declared.sort(), name);
    }
  });

  test("the command's README gives a reason for every dependency", () => {
    const [, table = ""] = readFileSync("packages/cli/README.md", "utf8").split("## Dependencies");
    const named = [...table.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = ""]) =>
      cell.replaceAll("`", "").split(", "),
    );
    assert.deepEqual(named.toSorted(), Object.keys(readJson("packages/cli/package.json").dependencies).toSorted());
  });

  test("core names no node: module in an import and no runtime dependency at all", () => {
    const { dependencies, peerDependencies, optionalDependencies } = readJson("packages/core/package.json");
    assert.deepEqual([dependencies, peerDependencies, optionalDependencies], [undefined, undefined, undefined]);
    assert.deepEqual(
      sourceFiles("core")
        .flatMap(importsOf)
        .filter((specifier) => !/^\.\.?\//.test(specifier)),
      [],
    );
  });

  test("origin names node: modules only below src/node, and the rest imports nothing from there", () => {
    const portable = sourceFiles("origin").filter((file) => !file.includes("/src/node/"));
    assert.ok(portable.length > 5);
    for (const file of portable)
      for (const imported of importsOf(file)) assert.match(imported, /^(\.\/[\w-]+\.ts|aws4fetch)$/, file);
  });

  test("core has no code for shared secrets that a token could request", () => {
    for (const file of sourceFiles("core"))
      assert.doesNotMatch(readFileSync(file, "utf8"), /hmac|HS256|timingSafe|secretKey/i, file);
  });

  test("the gate can be audited in an hour: under 900 lines of code, none of them in guard/", () => {
    const isGuard = (file: string): boolean => file.includes("/src/guard/");
    const gate = sourceFiles("core").filter((file) => !isGuard(file));
    const guard = sourceFiles("core").filter(isGuard);
    assert.ok(linesOfCode(gate) < 900, `${linesOfCode(gate)} lines`);
    assert.ok(linesOfCode(gate) > 500, "the lines are counted");
    // What adapters and logs also need: finding tokens in text, responses to refusals, reports.
    assert.ok(linesOfCode(guard) < 250, `${linesOfCode(guard)} lines`);
    for (const file of gate.filter((one) => !one.endsWith("/index.ts")))
      for (const imported of importsOf(file)) assert.doesNotMatch(imported, /guard/, file);
  });
});

describe("manifests", () => {
  for (const name of names) {
    test(`packages/${name} has version, licence, engines and files like the others`, () => {
      const manifest = readJson(`packages/${name}/package.json`);
      const { version, license } = readJson("packages/core/package.json");
      assert.equal(manifest.version, version);
      assert.equal(manifest.license, license);
      assert.ok(manifest.description.length > 20);
      if (name !== "nginx") assert.match(manifest.engines.node, /^>=20/);
      assert.ok(existsSync(`packages/${name}/README.md`), "a README for the registry page");
      for (const [dependency, range] of Object.entries<string>(manifest.dependencies ?? {})) {
        assert.match(range, /^\d+\.\d+\.\d+$/, `${dependency} is pinned`);
        if (dependency.startsWith("@portcullis/")) assert.equal(range, version);
      }
    });
  }

  for (const name of libraries) {
    test(`packages/${name} exports the same to JSR as to npm, and its types for import and require`, () => {
      const manifest = readJson(`packages/${name}/package.json`);
      const jsr = readJson(`packages/${name}/jsr.json`);
      assert.deepEqual([jsr.name, jsr.version, jsr.license], [manifest.name, manifest.version, manifest.license]);
      const entries = typeof jsr.exports === "string" ? { ".": jsr.exports } : jsr.exports;
      const paths = Object.keys(manifest.exports).filter((path) => path !== "./package.json");
      assert.deepEqual(Object.keys(entries), paths);
      for (const path of paths) {
        const built = path === "." ? "./dist/index" : path.replace("./", "./dist/");
        assert.deepEqual(manifest.exports[path], {
          "@portcullis/source": entries[path],
          import: { types: `${built}.d.ts`, default: `${built}.js` },
          require: { types: `${built}.d.cts`, default: `${built}.cjs` },
        });
      }
      assert.equal(manifest.sideEffects, false);
    });
  }
});

/** The names of the public API. What is listed here is a promise: change it only on purpose. */
const publicApi: Record<string, string[]> = {
  core: [
    "addToken",
    "allowedCacheControl",
    "configurationError",
    "createGate",
    "createRequestGuard",
    "decisionFingerprint",
    "findTokens",
    "fingerprintToken",
    "gateDefaults",
    "gateLimits",
    "importKeys",
    "isConfigurationError",
    "maxTokenLength",
    "parseCompactJws",
    "readPath",
    "readToken",
    "redactToken",
    "refusalCodes",
    "refusalResponse",
    "refusals",
    "removeToken",
    "replaceTokens",
    "tokenFingerprint",
    "validateClaims",
  ],
  issuer: [
    "createConfigurationApi",
    "createConfigurationStore",
    "createIssuer",
    "hashFile",
    "installApplicationCommand",
    "installEnterpriseApplicationCommand",
    "installLink",
    "installMediaCommand",
    "isIssuerError",
    "issuerErrorCodes",
    "lintManifest",
    "managedAppDeclaration",
    "microMdmCommand",
    "packageDeclaration",
    "profileWarnings",
    "readApiConfiguration",
    "readAppIcon",
    "readEncryptionKey",
    "readPackage",
    "writeApiConfiguration",
    "writeApiList",
    "writeAppManifest",
  ],
  depot: [
    "checkChannel",
    "checkPublicUrl",
    "checkWebServer",
    "createDataKey",
    "generateEncryptionKey",
    "hostings",
    "installPageUrl",
    "isDepotError",
    "manifestUrl",
    "openDepot",
    "openDepotServer",
    "publicJwkSet",
    "readDataKeyFile",
    "sha256OfFile",
  ],
  "node-http": ["guard"],
  fastify: ["guard", "hideToken"],
  koa: ["guard"],
  "web-fetch": ["guard"],
  origin: [
    "OriginError",
    "appleContentType",
    "asOriginError",
    "azureBlob",
    "badPathResponse",
    "contentType",
    "describeResponse",
    "failureResponse",
    "httpOrigin",
    "ifRangeHolds",
    "isObjectName",
    "methodNotAllowedResponse",
    "missingResponse",
    "mostVersions",
    "openByName",
    "problemResponse",
    "r2",
    "readObjectName",
    "respond",
    "s3",
    "selectRange",
  ],
};

describe("builds", () => {
  const require = createRequire(import.meta.url);
  for (const name of libraries) {
    test(`packages/${name}: ESM and CommonJS export the same names, and core and adapters exactly the public API`, async () => {
      const esm = Object.keys(await import(`../../packages/${name}/dist/index.js`)).sort();
      const cjs = Object.keys(require(`../../packages/${name}/dist/index.cjs`)).sort();
      assert.deepEqual(esm, cjs);
      assert.ok(esm.length > 0);
      if (publicApi[name]) assert.deepEqual(esm, publicApi[name]);
    });
  }

  test("an error of the ESM build is recognised by the CommonJS build, and vice versa", async () => {
    const esm = await import("../../packages/core/dist/index.js" as string);
    const cjs = require("../../packages/core/dist/index.cjs");
    for (const [thrower, reader] of [
      [esm, cjs],
      [cjs, esm],
    ]) {
      assert.throws(
        () => thrower.createGate({}),
        (error) => reader.isConfigurationError(error),
      );
    }
  });
});
