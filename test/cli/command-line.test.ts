import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runMain } from "../support/run-main.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

function configFile(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

test("without a command, it lists the commands and exits with 2", async () => {
  const { code, stdout, stderr } = await runMain([]);
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /^portcullis: no command was given\nCommands: serve, auth, rewritemap, /);
});

test("--help goes to standard output, names all commands and exit codes, and fits 80 columns", async () => {
  const { code, stdout, stderr } = await runMain(["--help"]);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  for (const name of ["serve", "auth", "rewritemap", "demo", "completion"]) {
    assert.match(stdout, new RegExp(`^  ${name}\\b`, "m"));
  }
  assert.match(stdout, /Exit codes:\n {2}0 {2}done/);
  for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
});

test("the help of a command shows its options, examples and environment variables", async () => {
  const { stdout } = await runMain(["serve", "--help"]);
  assert.match(stdout, /--clock-skew <DURATION>/);
  assert.match(stdout, /no unit means seconds;\s+default:\s+1m\)/);
  assert.match(stdout, /PORTCULLIS_KEY\s+for\s+--key\)/);
  assert.equal((await runMain(["help", "serve"])).stdout, stdout);
});

test("the help of a command has its usage, operands, options, examples and what applies to all options", async () => {
  assert.equal(
    (await runMain(["advise", "--help"])).stdout,
    `Usage: portcullis advise [options] <LOG...>

Reads the JSON log of portcullis serve, gzipped or not, and shows how long after
the install command devices start to download, how long transfers take, and how
many resumed downloads were refused because their token had expired. Then
recommends a Token Expiry of 5 to 120 minutes.

Arguments:
  LOG                  logs, oldest first, or - for standard input

Options:
  --expiry <DURATION>  the Token Expiry that Jamf Pro had while the log was
                       written (default: inferred from the log) (no unit means
                       minutes)
  --json               print the result as JSON
  --config <FILE>      read options from a JSON file
  -h, --help           show this help

Examples:
  # is five minutes enough?
  portcullis advise /var/log/portcullis/*.log --expiry 5

A DURATION is a number with a unit: 90s, 10m, 2h or 1d.

Each option can also be set with an environment variable (PORTCULLIS_EXPIRY for
--expiry) or in the --config file; the command line takes precedence.
`,
  );
  assert.equal(
    (await runMain(["completion", "--help"])).stdout,
    `Usage: portcullis completion [options] <SHELL>

Prints a script that lets a shell complete the commands and options of
portcullis.

Arguments:
  SHELL            bash, zsh or fish

Options:
  --config <FILE>  read options from a JSON file
  -h, --help       show this help

Examples:
  # in ~/.bashrc
  eval "$(portcullis completion bash)"
  # in ~/.zshrc
  eval "$(portcullis completion zsh)"
  # in ~/.config/fish/config.fish
  portcullis completion fish | source
`,
  );
});

test("help for a misspelled command reports it, and help alone is the program's", async () => {
  const { code, stderr } = await runMain(["help", "srve"]);
  assert.equal(code, 2);
  assert.match(stderr, /unknown command 'srve'\n\(Did you mean serve\?\)\nSee portcullis --help/);
  assert.equal((await runMain(["help"])).stdout, (await runMain(["--help"])).stdout);
});

test("the help says what each exit code means", async () => {
  const { stdout } = await runMain(["--help"]);
  assert.equal(
    stdout.slice(stdout.indexOf("Exit codes:")),
    `Exit codes:
  0  done, or the answer is yes
  1  the command worked, and the answer is no
  2  invalid command line, environment variable or configuration file
  3  something outside the program failed: a file, a port, a host
  4  a defect in this program; please report it
`,
  );
});

test("--version prints the version of the package", async () => {
  const { code, stdout } = await runMain(["--version"]);
  assert.equal(code, 0);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test("for a misspelled command or option, the nearest one is suggested", async () => {
  const command = await runMain(["srve"]);
  assert.equal(command.code, 2);
  assert.match(command.stderr, /unknown command 'srve'\n\(Did you mean serve\?\)/);
  const option = await runMain(["serve", ".", "--tls-crt", "a"]);
  assert.equal(option.code, 2);
  assert.match(option.stderr, /unknown option '--tls-crt'\n\(Did you mean --tls-cert\?\)\nSee portcullis serve --help/);
});

test("a malformed option or a stray word gets an example of the right form", async () => {
  const tooMuch = await runMain(["redact", "access.log"]);
  assert.equal(tooMuch.code, 2);
  assert.match(tooMuch.stderr, /\nFor example: portcullis redact < access\.log .*\nSee portcullis redact --help\n$/);
  const tooLittle = await runMain(["serve"]);
  assert.match(tooLittle.stderr, /'SOURCE'\nFor example: portcullis serve apps --key public\.pem\nSee /);
});

test("help for an unknown command suggests the nearest one", async () => {
  const { code, stdout, stderr } = await runMain(["help", "srve"]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /unknown command 'srve'\n\(Did you mean serve\?\)/);
});

test("a missing option is named, with its purpose", async () => {
  const { code, stderr } = await runMain(["serve", folder]);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^portcullis: --key FILE\|URL is missing: public key.*\n.*: portcullis pubkey key\.pem > public\.pem\n/,
  );
  const signing = await runMain(["sign", "https://files.example/app.ipa"]);
  assert.equal(signing.code, 2);
  assert.match(signing.stderr, /^portcullis: --private-key FILE is missing: private key.*\n.*: portcullis keygen\n$/);
});

test("a missing operand and an extra one are refused", async () => {
  assert.match((await runMain(["serve"])).stderr, /missing required argument 'SOURCE'/);
  assert.match((await runMain(["demo", "x"])).stderr, /too many arguments/);
});

test("a number that is out of range or not a number is refused, naming its source", async () => {
  for (const text of ["70000", "-1", "80.5", "1e3", "abc", " "]) {
    const { code, stderr } = await runMain(["demo", `--port=${text}`]);
    assert.equal(code, 2, text);
    assert.equal(stderr, "portcullis: --port must be a whole number from 1 to 65535\n");
  }
  const { stderr } = await runMain(["demo"], { env: { PORTCULLIS_PORT: "many" } });
  assert.equal(stderr, "portcullis: PORTCULLIS_PORT must be a whole number from 1 to 65535\n");
});

test("the URL that Kubernetes puts into PORTCULLIS_PORT is not mistaken for a port", async () => {
  const env = { PORTCULLIS_PORT: "tcp://10.0.0.7:8080", PORTCULLIS_FOR: "wrong" };
  assert.match((await runMain(["auth", "--key", "a.pem"], { env })).stderr, /^portcullis: PORTCULLIS_FOR must/);
  const { stderr } = await runMain(["auth", "--key", "a.pem", "--for", "nginx"], { env });
  assert.match(stderr, /^portcullis: --key a\.pem: there is no such file/);
});

test("an unknown variable produces a warning, unless it belongs to another command or to Kubernetes", async () => {
  const kubernetes = ["SERVICE_HOST", "SERVICE_PORT_HTTP", "PORT", "PORT_8080_TCP", "PORT_8080_TCP_ADDR"];
  const env = {
    PORTCULLIS_CLOCKSKEW: "0",
    PORTCULLIS_EXPIRY: "5",
    PORTCULLIS_PORT: "tcp://10.0.0.7:8080",
    ...Object.fromEntries(kubernetes.map((name) => [`PORTCULLIS_AUTH_${name}`, "x"])),
  };
  const { stderr } = await runMain(["auth", "--for", "nginx", "--key", "a.pem"], { env });
  const [warning, problem] = stderr.split("\n");
  assert.equal(
    warning,
    "warning: PORTCULLIS_CLOCKSKEW is set, but there is no such option: it is ignored (Did you mean PORTCULLIS_CLOCK_SKEW?)",
  );
  assert.match(problem ?? "", /^portcullis: --key a\.pem/);
});

test("the command line takes precedence over the environment, and the environment over the configuration file", async () => {
  const config = configFile("precedence.json", { auth: { for: "wrong-in-file", key: "file.pem" } });
  const inFile = await runMain(["auth", "--config", config]);
  assert.match(inFile.stderr, /"for" in .*precedence\.json must be one of nginx/);

  const env = { PORTCULLIS_FOR: "wrong-in-env", PORTCULLIS_CONFIG: config };
  assert.match((await runMain(["auth"], { env })).stderr, /PORTCULLIS_FOR must be one of nginx/);

  const { stderr } = await runMain(["auth", "--for", "wrong-in-argv"], { env });
  assert.match(stderr, /--for must be one of nginx/);

  const keyOfFile = await runMain(["auth", "--for", "nginx", "--config", config]);
  assert.equal(keyOfFile.code, 3);
  assert.match(keyOfFile.stderr, /--key file\.pem: there is no such file/);
});

test("a list is repeated on the command line and comma-separated in the environment", async () => {
  const argv = ["auth", "--for", "nginx", "--status", "x", "-k", "a.pem", "-k", "b.pem"];
  assert.match((await runMain(argv)).stderr, /--status must be a port/);
  const env = { PORTCULLIS_KEY: "first.pem, second.pem" };
  const { stderr } = await runMain(["auth", "--for", "nginx"], { env });
  assert.match(stderr, /--key first\.pem: there is no such file/);
});

test("a configuration file with an unknown command or option is refused", async () => {
  const command = configFile("command.json", { serv: {} });
  assert.match((await runMain(["demo", "--config", command])).stderr, /command\.json: there is no command "serv"/);
  const option = configFile("option.json", { demo: { prot: 1 } });
  const { code, stderr } = await runMain(["demo", "--config", option]);
  assert.equal(code, 2);
  assert.match(stderr, /option\.json: there is no option "prot" \(Did you mean port\?\)\nOptions: port, expiry/);
});

test("a configuration file that is not JSON, not an object, of the wrong type, or absent is refused", async () => {
  const cases: [string, number, RegExp][] = [
    [configFile("broken.json", "{"), 2, /broken\.json is not JSON/],
    [configFile("array.json", "[]"), 2, /array\.json must be a JSON object/],
    [configFile("type.json", { demo: { port: "8080" } }), 2, /"port" in .*type\.json must be a whole number/],
    [configFile("flag.json", { serve: { "report-only": "yes" } }), 2, /"report-only" in .* must be true or false/],
    [join(folder, "absent.json"), 3, /--config .*absent\.json: there is no such file or folder\n$/],
  ];
  for (const [path, expected, message] of cases) {
    const argv = path.endsWith("flag.json") ? ["serve", ".", "--key", "a.pem"] : ["demo"];
    const { code, stderr } = await runMain([...argv, "--config", path]);
    assert.equal(code, expected, path);
    assert.match(stderr, message);
  }
});

test("with --json, error messages are JSON too", async () => {
  const { code, stderr } = await runMain(["serve", "--json"]);
  assert.equal(code, 2);
  assert.equal(JSON.parse(stderr).error.exitCode, 2);
});

test("colour is used only on a terminal, and not if NO_COLOR is set", async () => {
  const isColoured = async (terminal: number | undefined, env: Record<string, string>) => {
    const world = terminal === undefined ? { env } : { env, terminal };
    return (await runMain(["nothing"], world)).stderr.includes("\u001b[");
  };
  assert.equal(await isColoured(undefined, {}), false);
  assert.equal(await isColoured(80, {}), true);
  assert.equal(await isColoured(80, { NO_COLOR: "1" }), false);
  assert.equal(await isColoured(80, { TERM: "dumb" }), false);
  assert.equal(await isColoured(undefined, { FORCE_COLOR: "1" }), true);
});

test("an invalid argument is never echoed with a token, a private key or a control character", async () => {
  const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2VjcmV0LXNpZ25hdHVyZQ";
  const key = "-----BEGIN PRIVATE KEY-----\nMIIEsecret\n-----END PRIVATE KEY-----";
  for (const text of [token, `http://x/?token=${token}`, key, "\u001b[2Jx\rforged"]) {
    const { stderr } = await runMain([text]);
    assert.doesNotMatch(stderr, /c2VjcmV0|MIIEsecret/);
    assert.equal(stderr.includes("\u001b") || stderr.includes("\r"), false);
  }
});
