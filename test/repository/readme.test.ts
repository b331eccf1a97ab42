import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { refusalCodes, refusals } from "@portcullis/core";
import ts from "typescript";
import { type CodeBlock, codeBlocksOf } from "../support/code-blocks.ts";
import { signingKey, signToken } from "../support/signing-key.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = join(root, ".tmp", `readme-${process.pid}`);
const key = signingKey();
mkdirSync(join(scratch, "apps"), { recursive: true });
writeFileSync(join(scratch, "package.json"), '{ "type": "module" }');
writeFileSync(join(scratch, "public.pem"), key.publicPem);
writeFileSync(join(scratch, "key.pem"), key.privateKey.export({ type: "pkcs8", format: "pem" }));
writeFileSync(join(scratch, "apps", "app.ipa"), "the file");
after(() => rmSync(scratch, { recursive: true, force: true }));

const documents = ["README.md", ...readdirSync(join(root, "packages")).map((name) => `packages/${name}/README.md`)];
/** Documents, or the parts under a heading, whose blocks need more than a key and a file, and the tests that run them. */
const provedElsewhere: Record<string, string> = {
  "packages/issuer/README.md": "test/issuer-interop/readme.test.ts",
  "packages/web-fetch/README.md, ## Next.js": "test/packages/next.test.ts",
  "packages/web-fetch/README.md, ## SvelteKit": "test/packages/sveltekit.test.ts",
  "packages/nginx/README.md": "test/nginx/recipe.test.ts",
  "packages/cli/README.md": "test/repository/troubleshooting-guide.test.ts",
};
const isProvedElsewhere = ({ name }: CodeBlock) => Object.keys(provedElsewhere).some((part) => name.startsWith(part));
const blocks = documents.flatMap(codeBlocksOf).filter((block) => !isProvedElsewhere(block));
const programs = blocks.filter(({ language }) => language === "ts" || language === "js");

interface Run {
  readonly output: string;
  /** The port, if the block listens. */
  readonly port: number | undefined;
  stop(): void;
}

/** Runs a block until it listens or ends. */
async function run(block: CodeBlock): Promise<Run> {
  const file = join(scratch, `block-${blocks.indexOf(block)}.${block.language}`);
  writeFileSync(file, block.code);
  const args = [
    "--conditions=@portcullis/source",
    "--import=tsx",
    join(root, "test/repository/run-readme-block.ts"),
    file,
  ];
  const child = spawn(process.execPath, args, { cwd: scratch, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const port = await new Promise<number | undefined>((done, failed) => {
    child.stdout.on("data", (chunk) => {
      output += chunk;
      const listening = /^\{"port":(\d+)\}$/m.exec(output);
      if (listening) done(Number(listening[1]));
    });
    child.on("close", (code) => (code === 0 ? done(undefined) : failed(new Error(`${block.name} failed: ${errors}`))));
  });
  return { output, port, stop: () => child.kill() };
}

/** What the comments behind `console.log` promise, in order. */
function promisedOutput({ code }: CodeBlock): string[] {
  return [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1] as string);
}

describe("code blocks", () => {
  test("what is proved elsewhere is proved by tests that are there", () => {
    for (const path of Object.values(provedElsewhere)) assert.ok(readFileOrFolder(join(root, path)), path);
  });

  test("there are some, and each is of a kind that is run here or in the set-up of a machine", () => {
    assert.ok(programs.length >= 10);
    for (const { name, language, code } of blocks) {
      assert.ok(["ts", "js", "sh", ""].includes(language), `${name}: ${language}`);
      if (language === "")
        assert.doesNotMatch(code, /^ *(import|const|npm|npx|curl|portcullis)\b/m, `${name}: code without a language`);
    }
  });

  for (const block of programs) {
    test(`${block.name} runs`, async () => {
      const { port, output, stop } = await run(block);
      if (port === undefined) {
        const promised = promisedOutput(block);
        assert.ok(promised.length > 0, "a block that serves nothing shows what it prints");
        const printed = output.trim().split("\n");
        assert.deepEqual(
          printed,
          promised.map((text) => text.replace(/"/g, "")),
        );
        return;
      }
      try {
        // Some blocks mount the folder under its name, the others serve it as the root.
        const isMounted = /"\/apps/.test(block.code);
        const link = `http://127.0.0.1:${port}${isMounted ? "/apps" : ""}/app.ipa`;
        const secret = `http://127.0.0.1:${port}/key.pem`;
        const exp = Math.floor(Date.now() / 1000) + 600;
        const token = signToken(key, { sub: "AppManifest", iss: "JSS", exp });
        const allowed = await fetch(`${link}?token=${token}`);
        assert.equal(allowed.status, 200, await allowed.clone().text());
        assert.equal(allowed.headers.get("cache-control"), "private");
        const beside = await (await fetch(`${secret}?token=${token}`)).text();
        assert.ok(!beside.includes("PRIVATE KEY"), "what lies beside the folder is not served");
        const refused = await fetch(link);
        assert.equal(refused.status, 401);
        assert.equal((await refused.json()).code, "token_missing");
        const expired = await fetch(
          `${link}?token=${signToken(key, { sub: "AppManifest", iss: "JSS", exp: exp - 3600 })}`,
        );
        assert.equal((await expired.json()).code, "token_expired");
      } finally {
        stop();
      }
    });
  }

  test("all of them pass the type check", () => {
    const globals = `declare const Deno: { readTextFileSync(path: string): string; open(path: string): Promise<{ readable: ReadableStream }>; serve(handler: (request: Request) => Response | Promise<Response>): unknown };
declare const Bun: { file(path: string): Blob; serve(options: { fetch(request: Request): Response | Promise<Response> }): unknown };`;
    writeFileSync(join(scratch, "globals.d.ts"), globals);
    const files = programs.map((block) => {
      const file = join(scratch, `checked-${blocks.indexOf(block)}.ts`);
      writeFileSync(file, `${block.code}\nexport {};\n`);
      return file;
    });
    const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
    const { options } = ts.convertCompilerOptionsFromJson(
      { ...config.compilerOptions, isolatedDeclarations: false, noUnusedLocals: false },
      root,
    );
    const program = ts.createProgram([...files, join(scratch, "globals.d.ts")], options);
    const problems = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      return `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
    assert.deepEqual(problems, []);
  });
});

describe("tables and links", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");

  test("the table of refusals has every code, in order, with its status", () => {
    const rows = [...readme.matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)].map((match) => [match[1], Number(match[2])]);
    assert.deepEqual(
      rows,
      refusalCodes.map((code) => [code, refusals[code].status]),
    );
  });

  test("the tables of options have every option, with its default", () => {
    const rows = [...readme.matchAll(/^\| `(\w+)` \| (`[^`]*`|–|the clock) \|/gm)].map(
      (match) => `${match[1]} ${match[2]}`,
    );
    assert.deepEqual(rows, [
      "keys –",
      'issuer `"JSS"`',
      'subject `"AppManifest"`',
      "audience –",
      "clockSkew `60`",
      "maxLifetime `7200`",
      'tokenParameter `"token"`',
      "cacheSize `10000`",
      "now the clock",
      "onDecision –",
      "reportOnly `false`",
    ]);
  });

  test("every relative link leads somewhere", () => {
    for (const document of [...documents, "SECURITY.md"]) {
      const text = readFileSync(join(root, document), "utf8");
      for (const { 1: target = "" } of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
        const path = resolve(root, document, "..", target);
        assert.ok(readFileOrFolder(path), `${document} links to ${target}`);
      }
    }
  });
});

function readFileOrFolder(path: string): boolean {
  return ts.sys.fileExists(path) || ts.sys.directoryExists(path);
}
