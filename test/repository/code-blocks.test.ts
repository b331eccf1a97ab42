import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { dashedName } from "../../packages/cli/src/command-line/option.ts";
import { commands } from "../../packages/cli/src/commands.ts";
import { type CodeBlock, codeBlocksOf } from "../support/code-blocks.ts";
import { signingKey, signToken } from "../support/signing-key.ts";
import { pages, repositoryFiles } from "./documents.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = join(root, ".tmp", `code-blocks-${process.pid}`);
const key = signingKey();
mkdirSync(join(scratch, "apps"), { recursive: true });
writeFileSync(join(scratch, "package.json"), '{ "type": "module" }');
writeFileSync(join(scratch, "public.pem"), key.publicPem);
writeFileSync(join(scratch, "key.pem"), key.privateKey.export({ type: "pkcs8", format: "pem" }));
writeFileSync(join(scratch, "apps", "app.ipa"), "the file");
after(() => rmSync(scratch, { recursive: true, force: true }));

/**
 * Documents, or their sections, whose programs need more than a key and a file, and the tests that run them.
 */
const provedElsewhere: Record<string, string> = {
  "packages/depot/README.md": "test/depot/page.test.ts",
  "packages/issuer/README.md": "test/issuer-interop/readme.test.ts",
  "docs/adapters/nextjs.md": "test/packages/next.test.ts",
  "docs/adapters/sveltekit.md": "test/packages/sveltekit.test.ts",
};
/** The tests that start each example, and check everything that a download server must do. */
const examplesProvedBy: Readonly<Record<string, string>> = {
  bun: "test/packages/examples.test.ts",
  deno: "test/packages/examples.test.ts",
  express: "test/end-to-end/examples.test.ts",
  fastify: "test/end-to-end/examples.test.ts",
  hono: "test/end-to-end/examples.test.ts",
  koa: "test/end-to-end/examples.test.ts",
  next: "test/packages/next.test.ts",
  "node-http": "test/end-to-end/examples.test.ts",
  sveltekit: "test/packages/sveltekit.test.ts",
  "workers-r2": "test/origins/worker-example.test.ts",
};
const examples = repositoryFiles.filter((file) => /^examples\/.*\.(?:mjs|ts)$/.test(file));
const isProvedElsewhere = ({ name }: CodeBlock) => Object.keys(provedElsewhere).some((part) => name.startsWith(part));
/** A block can name its file in its first line, which the file itself does not contain. */
const codeOf = ({ code }: CodeBlock) => code.replace(/^\/\/ [\w/.[\]+]+\.ts\n/, "");
const exampleOf = (block: CodeBlock) =>
  examples.find((file) => readFileSync(join(root, file), "utf8") === codeOf(block));

const blocks = pages.flatMap(codeBlocksOf);
const allPrograms = blocks.filter(({ language }) => ["ts", "js"].includes(language));
const exampleBlocks = allPrograms.filter((block) => exampleOf(block) !== undefined);
const programs = allPrograms.filter((block) => !isProvedElsewhere(block) && !exampleBlocks.includes(block));

/** Languages of configuration: such a block is an excerpt of an example, which is tested in its real server. */
const configurationLanguages = ["nginx", "apache", "caddyfile", "haproxy", "ini", "yaml"];
/** The beginnings of blocks that are not excerpts, and the tests that run the same directive. */
const configuredElsewhere: Record<string, string> = {
  "js_preload_object portcullis_options": "test/nginx/recipe.test.ts",
};

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
    join(root, "test/repository/run-code-block.ts"),
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
  test("tests that are named as proof exist", () => {
    for (const path of Object.values(provedElsewhere)) assert.ok(repositoryFiles.includes(path), path);
    for (const [name, path] of Object.entries(examplesProvedBy)) {
      const tests = readFileSync(join(root, path), "utf8");
      assert.ok(tests.includes(`"${name}"`) || tests.includes(`examples/${name}"`), `${path} starts examples/${name}`);
    }
  });

  test("every example with a page is started by a test", () => {
    const names = repositoryFiles.map((file) => /^examples\/([\w-]+)\/README\.md$/.exec(file)?.[1]);
    assert.deepEqual(
      names.filter((name) => name !== undefined),
      Object.keys(examplesProvedBy),
    );
  });

  for (const block of allPrograms.filter(({ code }) => /\b(?:serveFrom|respond)\(/.test(code))) {
    test(`${block.name} is the whole of an example`, () => {
      const example = exampleOf(block);
      assert.ok(example, block.code);
      assert.ok((example.split("/")[1] ?? "") in examplesProvedBy, example);
    });
  }

  test("every block has a tested language, or shows output", () => {
    assert.ok(allPrograms.length >= 20);
    const tested = ["ts", "js", "sh", "json", ...configurationLanguages];
    for (const { name, language, code } of blocks) {
      if (language !== "") assert.ok(tested.includes(language), `${name}: ${language}`);
      else
        assert.doesNotMatch(
          code,
          /^ *(import|const|npm|npx|curl|portcullis [a-z])\b/m,
          `${name}: code without a language`,
        );
    }
  });

  test("every block of configuration is an excerpt of an example, line by line and in order", () => {
    const configurations = repositoryFiles.filter((file) => file.startsWith("examples/"));
    const excerpts = blocks.filter(({ language }) => configurationLanguages.includes(language));
    assert.ok(excerpts.length >= 5);
    for (const { name, code } of excerpts) {
      const [start, elsewhere] = Object.entries(configuredElsewhere).find(([one]) => code.startsWith(one)) ?? [];
      const isTested =
        start !== undefined && elsewhere !== undefined
          ? readFileSync(join(root, elsewhere), "utf8").includes(start)
          : configurations.some((file) => isExcerpt(code, readFileSync(join(root, file), "utf8")));
      assert.ok(isTested, `${name}:\n${code}`);
    }
  });

  test("every block of JSON has only options that exist", () => {
    const gateOptions = ["keys", "clockSkew"];
    for (const { name, code } of blocks.filter(({ language }) => language === "json")) {
      const value: Record<string, object> = JSON.parse(code.replaceAll("\n…", "…"));
      if ("Statement" in value) continue; // a policy for Amazon S3
      if ("keys" in value) {
        assert.deepEqual(Object.keys(value), gateOptions, name);
        continue;
      }
      for (const [commandName, options] of Object.entries(value)) {
        const command = commands.find((one) => one.name === commandName);
        assert.ok(command, `${name}: ${commandName}`);
        const known = Object.keys(command.options).map(dashedName);
        for (const option of Object.keys(options)) assert.ok(known.includes(option), `${name}: ${option}`);
      }
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
        // Some blocks mount the folder at a path of the same name, the others serve it as the root.
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
    const globals = `declare const Deno: { readTextFileSync(path: string): string; serve(handler: (request: Request) => Response | Promise<Response>): unknown };
declare const Bun: { file(path: string): Blob; serve(options: { fetch(request: Request): Response | Promise<Response> }): unknown };`;
    writeFileSync(join(scratch, "globals.d.ts"), globals);
    const inRoot = [...exampleBlocks, ...programs].filter(({ code }) => !/"(?:next|@sveltejs)\//.test(code));
    const files = inRoot.map((block) => {
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

/** Whether the lines of the excerpt are in the text, in order, whatever their indentation. */
function isExcerpt(excerpt: string, text: string): boolean {
  const lines = text.split("\n").map((line) => line.trim());
  let at = 0;
  for (const line of excerpt.split("\n").map((one) => one.trim())) {
    if (line === "") continue;
    const found = lines.indexOf(line, at);
    if (found === -1) return false;
    at = found + 1;
  }
  return true;
}
