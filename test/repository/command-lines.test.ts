import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { after, describe, test } from "node:test";
import { parseCommandLine } from "../../packages/cli/src/command-line/command-parser.ts";
import { dashedName } from "../../packages/cli/src/command-line/option.ts";
import { resolveOptions } from "../../packages/cli/src/command-line/option-sources.ts";
import { commands } from "../../packages/cli/src/commands.ts";
import { createTerminal } from "../../packages/cli/src/terminal/terminal.ts";
import { codeBlocksOf } from "../support/code-blocks.ts";
import { freePort } from "../support/free-port.ts";
import { writeZip } from "../support/packages.ts";
import { type PortcullisProcess, portcullisCommand, startPortcullis } from "../support/portcullis-process.ts";
import { signingKey, signToken } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { pages, proseOf } from "./documents.ts";

const folder = temporaryFolder();
const key = signingKey();
const token = signToken(key, { sub: "AppManifest", iss: "JSS", exp: Math.floor(Date.now() / 1000) + 600 });
const decision = {
  event: "download",
  method: "GET",
  path: "/app.ipa",
  status: 200,
  code: "allowed",
  token: "00000000",
};

/** The files that a reader has in the folder: keys, apps, logs. */
const files: Record<string, string> = {
  "apps/app.ipa": "the file",
  "public.pem": key.publicPem,
  "old.pem": key.publicPem,
  "new.pem": signingKey().publicPem,
  "key.pem": String(key.privateKey.export({ type: "pkcs8", format: "pem" })),
  "access.log": `GET /app.ipa?token=${token} 200\n`,
  "portcullis.log": `${JSON.stringify({ time: new Date().toISOString(), level: "info", ...decision })}\n`,
  "field-notes.plist": "<plist/>",
};
mkdirSync(`${folder}/apps`);
for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/${name}`, text);
writeZip(`${folder}/field-notes.ipa`, [
  { name: "Payload/A.app/Info.plist", plist: { CFBundleIdentifier: "example.a", CFBundleVersion: "1" } },
]);
execFileSync(
  "openssl",
  [
    ..."req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 1".split(" "),
    ...["-keyout", `${folder}/tls.key`, "-out", `${folder}/tls.crt`],
  ],
  { stdio: "ignore" },
);

/** Programs by their names, as on a reader's machine; the journal contains both kinds of lines. */
mkdirSync(`${folder}/bin`);
const program = (name: string, script: string) =>
  writeFileSync(`${folder}/bin/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
program(
  "portcullis",
  `exec ${portcullisCommand()
    .map((word) => `'${word}'`)
    .join(" ")} "$@"`,
);
program("journalctl", `case "$*" in *nginx*) cat '${folder}/access.log' ;; *) cat '${folder}/portcullis.log' ;; esac`);

// test/support/runnable-example.ts runs the commands of the examples, and release.test.ts those of a release.
const blocks = pages
  .filter((page) => !page.startsWith("examples/") && page !== "RELEASING.md")
  .flatMap(codeBlocksOf)
  .filter(({ language }) => language === "sh");
const linesOf = (code: string): string[] => code.trim().split("\n");
/** Lines that are on several pages are run only once. */
const differentBlocks = [...new Map(blocks.map((block) => [block.code, block])).values()].filter(
  // They need a bucket, or a depot: test/cli/help-examples.test.ts and test/depot/page.test.ts run them.
  ({ name }) => !/^docs\/(serving-a-bucket\.md|depot\/)/.test(name),
);
const lines = blocks.flatMap(({ name, code }) => linesOf(code).map((line) => ({ name, line })));

/** The arguments of every `portcullis` in a line, which can be a pipeline or a line of configuration. */
function portcullisCallsIn(line: string): string[][] {
  return [...line.matchAll(/(?:^|\| ?|[/(])portcullis ((?:'[^']*'|"[^"]*"|[^'"|<>;&)])+)/g)].map(([, rest = ""]) =>
    [...rest.trim().matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, one, two, word]) => one ?? two ?? word ?? ""),
  );
}

/** Parses a command line completely, with all values, as the program does before it runs. */
function parse(argv: readonly string[]): void {
  const parsed = parseCommandLine(commands, argv, "0", createTerminal(new PassThrough(), {}));
  if (parsed === "done") return;
  const { command, options: commandLine } = parsed;
  resolveOptions(command.options, { commandLine, env: {}, file: {}, fileName: "" });
}

describe("command lines in pages and help", () => {
  const calls = [
    ...lines.filter(({ line }) => !/^(npm|docker|podman|cp|install|systemctl) /.test(line)),
    ...commands.flatMap(({ name, examples = [] }) =>
      examples.map(({ command }) => ({ name: `${name} --help`, line: command })),
    ),
  ].flatMap(({ name, line }) => portcullisCallsIn(line).map((argv) => ({ name, argv })));

  test("every command is on a page", () => {
    assert.ok(calls.length > 40, String(calls.length));
    for (const { name } of commands.filter(({ options }) => "key" in options || "privateKey" in options))
      assert.ok(
        calls.some(({ argv }) => argv[0] === name),
        name,
      );
  });

  test("every one is accepted by the parser: commands, operands, options and values", () => {
    for (const { name, argv } of calls) assert.doesNotThrow(() => parse(argv), `${name}: ${argv.join(" ")}`);
  });

  test("every command and option that prose names exists", () => {
    const options = new Set(commands.flatMap((one) => Object.keys(one.options).map((name) => `--${dashedName(name)}`)));
    for (const page of pages) {
      for (const [, name = "", rest = ""] of proseOf(page).matchAll(/`portcullis ([a-z-]+)([^`]*)`/g)) {
        const command = commands.find((one) => one.name === name);
        assert.ok(command || name === "help", `${page}: portcullis ${name}`);
        const known = Object.keys(command?.options ?? {}).map((option) => `--${dashedName(option)}`);
        for (const [option] of rest.matchAll(/--[a-z-]+/g))
          assert.ok(known.includes(option), `${page}: ${name} ${option}`);
      }
      for (const [, option = ""] of proseOf(page).matchAll(/`(--[a-z-]+)(?: [^`]*)?`/g)) {
        // Options of node, journalctl, rsync and podman, and the options that every command has.
        if (/^--(version|output|help|config|inplace|format)$/.test(option)) continue;
        assert.ok(options.has(option), `${page}: ${option}`);
      }
    }
  });
});

describe("recipes", () => {
  for (const page of pages.filter((one) => one.startsWith("docs/recipes/"))) {
    test(`${page} sets up the machine with the lines of its example, which a test runs`, () => {
      const shown = codeBlocksOf(page)
        .filter(({ language }) => language === "sh")
        .flatMap(({ code }) => linesOf(code))
        .filter((line) => !/^(portcullis|docker|podman) /.test(line));
      if (shown.length === 0) return;
      const linked = [
        ...readFileSync(page, "utf8").matchAll(/\]\(\.\.\/\.\.\/(examples\/[^)]+\.\w+|examples\/\w+\/Caddyfile)\)/g),
      ];
      const walks = linked.map(([, file = ""]) =>
        [...readFileSync(file, "utf8").matchAll(/^# {3}(.*)$/gm)].map(([, line]) => line),
      );
      assert.deepEqual(
        shown,
        walks.find((walk) => walk.length > 0),
      );
    });
  }
});

describe("commands as pages show them", () => {
  for (const { name, code } of differentBlocks) {
    test(`${name}: ${linesOf(code)[0]?.slice(0, 60)}`, async () => {
      const servers: PortcullisProcess[] = [];
      let statusPort = 0;
      for (const line of linesOf(code)) {
        if (/^portcullis (serve|auth)\b/.test(line)) {
          statusPort = await freePort();
          servers.push(await proveServer(inFolder(line), statusPort));
        } else if (line.startsWith("curl ")) shell(line.replace(":9090", `:${statusPort}`));
        else await prove(line);
      }
      for (const server of servers) await server.end();
    });
  }
});

/** The line, with paths in a server's file system replaced by paths in the folder. */
function inFolder(line: string): string {
  return line
    .replaceAll("/var/log/portcullis.log", "portcullis.log")
    .replaceAll("/run/portcullis/", `${folder}/`)
    .replaceAll("/srv/apps", "apps");
}

/** Runs a line as a shell does. Exit code 1 is accepted too: it means that the answer is no. */
function shell(line: string): void {
  const { status, stderr } = spawnSync("sh", ["-c", line], {
    cwd: folder,
    encoding: "utf8",
    input: `https://files.example/app.ipa?token=${token}\n`,
    env: { ...process.env, PATH: `${folder}/bin:${process.env.PATH}`, BASH_VERSION: "" },
  });
  assert.ok(status === 0 || status === 1, `${line}: ${status} ${stderr}`);
  assert.doesNotMatch(stderr, /not found|No such file/, line);
}

/** Runs a command line or, where it sets up a machine, compares it with what it names. */
async function prove(line: string): Promise<void> {
  const [program = "", action = "", ...others] = line.split(" ");
  if (line.startsWith("npm pack ../")) return provePackedLibraries(line);
  if (line.startsWith("npm pack -w")) return provePackedCommand(others);
  if (program === "npm" || program === "npx") return proveNpm(line);
  if (program === "openssl" && action === "pkey") {
    shell(line.replace("public.pem", "again.pem"));
    return assert.equal(readFileSync(`${folder}/again.pem`, "utf8"), key.publicPem);
  }
  if (program === "portcullis" && /^(demo|probe)$/.test(action)) return; // test/commands runs them against servers
  if (program === "portcullis" || line.startsWith("journalctl") || program === "openssl") {
    return shell(inFolder(line).replace(" --follow", "").replace("key.pem 2048", "another.pem 2048"));
  }
  if (program === "eval") return assert.equal(spawnSync("bash", ["-c", line], { env: withPrograms() }).status, 0);
  proveSetUp(line);
}

const withPrograms = () => ({ ...process.env, PATH: `${folder}/bin:${process.env.PATH}` });

/** Lines that set up a machine: test/servers runs the files that they copy, in the servers that they install. */
function proveSetUp(line: string): void {
  const [program = "", ...words] = line.split(" ");
  const known = "apt-get groupadd install sed a2enmod a2ensite nginx caddy apache2ctl haproxy systemctl docker podman";
  assert.ok(known.split(" ").includes(program), line);
  for (const word of words.filter((one) => /^(examples|packages)\//.test(one)))
    assert.ok(existsSync(word) || word.includes("/dist/"), word);
  if (program !== "apt-get") return;
  const installed = readFileSync(".ci/run", "utf8");
  for (const name of words.slice(1)) assert.ok(installed.includes(` ${name} `), `${name} is installed by .ci/run`);
}

/** `.ci/run` runs the set-up itself on a fresh machine. */
function proveNpm(line: string): void {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  for (const part of line.split(" && ")) {
    const [npm, action = "", ...words] = part.split(" ");
    assert.equal(npm, "npm");
    if (action === "run" || action === "test" || action === "start") {
      const script = action === "run" ? words[0] : action;
      assert.ok(scripts[script as string], `there is a script named ${script}`);
    } else if (action === "install" && words.includes("./packages/cli")) proveGlobalInstall(words);
    else if (action === "uninstall") assert.deepEqual(words, ["--global", manifestOf("cli").name]);
    else if (action === "install") assert.equal(words.at(-1), "./portcullis-*.tgz");
    else assert.equal(part, "npm ci");
  }
}

/** `npm test` has already built the packages; the other lines run unchanged, but write to a folder that is removed. */
function proveGlobalInstall(words: readonly string[]): void {
  if (existsSync(`${folder}/global`)) return;
  execFileSync("npm", ["install", ...words, "--prefix", `${folder}/global`], { stdio: "ignore" });
  const version = execFileSync(`${folder}/global/bin/portcullis`, ["--version"], { encoding: "utf8" });
  assert.equal(version.trim(), manifestOf("cli").version);
}

const manifestOf = (name: string) => JSON.parse(readFileSync(`packages/${name}/package.json`, "utf8"));

/** The packages of this repository that a package needs, including itself. */
function closureOf(name: string): string[] {
  const needed = Object.keys(manifestOf(name).dependencies ?? {}).filter((one) => one.startsWith("@portcullis/"));
  return [...new Set([name, ...needed.flatMap((one) => closureOf(one.replace("@portcullis/", "")))])];
}

/** The line packs the command with every package of this repository that it needs. */
function provePackedCommand(words: readonly string[]): void {
  const packed = words.filter((word) => word !== "-w").map((word) => word.replace("packages/", ""));
  assert.deepEqual(packed.toSorted(), closureOf("cli").toSorted());
}

/** A line packs exactly what its library needs; the library can then be loaded in both ways. */
function provePackedLibraries(line: string): void {
  const names = librariesPackedBy(line);
  assert.equal(line, packLine(names));
  assert.deepEqual(names.toSorted(), [...new Set(names.flatMap(closureOf))].toSorted(), line);
  if (!isInstallable(names)) return;
  const specifiers = JSON.stringify(names.map((name) => `@portcullis/${name}`));
  const script = `(async () => {
    for (const name of ${specifiers})
      for (const library of [require(name), await import(name)]) console.log(Object.keys(library).length > 0);
  })()`;
  const loaded = execFileSync("node", ["-e", script], { cwd: projectWithLibraries(), encoding: "utf8" });
  assert.equal(loaded, "true\n".repeat(2 * names.length), line);
}

const librariesPackedBy = (line: string): string[] =>
  [...line.matchAll(/packages\/([\w-]+)/g)].map(([, name = ""]) => name);

const packLine = (names: readonly string[]): string =>
  ["npm pack", ...names.map((name) => `../portcullis/packages/${name}`)].join(" ");

const foreignLibrariesOf = (names: readonly string[]): string[] =>
  [...new Set(names.flatMap((name) => Object.keys(manifestOf(name).dependencies ?? {})))].filter(
    (name) => !name.startsWith("@portcullis/"),
  );

/** The libraries of the issuer come from the registry. */
const isInstallable = (names: readonly string[]): boolean =>
  foreignLibrariesOf(names).every((name) => name === "aws4fetch");

let project: string | undefined;

/**
 * A project in a folder beside the clone, in which the lines of all pages have been run as one line, since each takes npm
 * seconds; without a registry.
 */
function projectWithLibraries(): string {
  if (project !== undefined) return project;
  project = `${folder}/project`;
  mkdirSync(project);
  writeFileSync(`${project}/package.json`, "{}");
  symlinkSync(process.cwd(), `${folder}/portcullis`);
  const env = { ...process.env, npm_config_offline: "true" };
  const sh = (command: string) => execFileSync("sh", ["-c", command], { cwd: project, stdio: "ignore", env });
  const packed = lines
    .filter(({ line }) => line.startsWith("npm pack ../portcullis/"))
    .map(({ line }) => librariesPackedBy(line))
    .filter(isInstallable);
  const names = [...new Set(packed.flat())];
  sh(packLine(names));
  // Replaces the registry.
  for (const name of foreignLibrariesOf(names))
    sh(`npm pack --ignore-scripts ../portcullis/node_modules/${name} && mv ${name}-*.tgz portcullis-${name}.tgz`);
  sh("npm install ./portcullis-*.tgz");
  return project;
}

/** Starts `serve` or `auth` as the line says, but on free ports, and sends requests with and without a token. */
async function proveServer(line: string, statusPort: number): Promise<PortcullisProcess> {
  const words = line.split(" ").slice(1);
  const args = words
    .map((word) => (existsSync(`${folder}/${word}`) ? `${folder}/${word}` : word))
    .map((word, index) => (words[index - 1] === "--status" ? String(statusPort) : word));
  const isAuth = args[0] === "auth";
  const isTls = args.includes("--tls-cert");
  const socket = args[args.indexOf("--socket") + 1];
  const listens = args.includes("--socket") ? [] : ["--port", "0"];
  const server = startPortcullis([
    ...args.filter((word, index) => word !== "--port" && args[index - 1] !== "--port"),
    ...listens,
  ]);
  after(() => server.child.kill("SIGKILL"));
  if (listens.length === 0) {
    await server.line(({ msg }) => msg?.includes(socket as string) ?? false);
    return server;
  }
  const origin = `${isTls ? "https" : "http"}://127.0.0.1:${await server.port()}`;
  const header = { nginx: "X-Original-URI", traefik: "X-Forwarded-Uri" }[args[args.indexOf("--for") + 1] ?? ""];
  const status = (url: string): number => {
    const asked = !isAuth
      ? [`${origin}${url}`]
      : header
        ? ["-H", `${header}: ${url}`, `${origin}/auth`]
        : [`${origin}/auth${url}`];
    const curl = ["-sk", "-o", "/dev/null", "-w", "%{http_code}", ...asked];
    return Number(execFileSync("curl", curl, { encoding: "utf8" }));
  };
  assert.equal(status(`/app.ipa?token=${token}`), isAuth ? 204 : 200, line);
  assert.equal(status("/app.ipa"), 401, line);
  return server;
}
