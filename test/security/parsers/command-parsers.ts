import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { isPrivateJwk, readEncryptionKey } from "@portcullis/issuer/encryption-key";
import { findPemBlocks } from "@portcullis/issuer/pem";
import { readConfigFile } from "../../../packages/cli/src/command-line/config-file.ts";
import { readDecisions } from "../../../packages/cli/src/commands/advise/decision-line.ts";
import { readPastedLink } from "../../../packages/cli/src/commands/inspect/pasted-link.ts";
import { createRedactStream } from "../../../packages/cli/src/commands/redact/redact-stream.ts";
import { readLines } from "../../../packages/cli/src/commands/rewritemap/read-lines.ts";
import { fetchJwkSet } from "../../../packages/cli/src/gate/jwk-set-url.ts";
import { readPublicKeyFile } from "../../../packages/cli/src/gate/read-public-key-file.ts";
import { openLog } from "../../../packages/cli/src/log-files/open-log.ts";
import { readServerCertificate } from "../../../packages/cli/src/tls/server-certificate.ts";
import { readServerPrivateKey } from "../../../packages/cli/src/tls/server-private-key.ts";
import { readTokenParts } from "../../../packages/cli/src/token/token-parts.ts";
import { filled, KiB, MiB, type Parser, repeated } from "./parser.ts";

const longestFile = 16 * MiB;
const longestKeyFile = MiB;
/** A log can have any length; this is more than the part that is in memory at a time. */
const logLength = 4 * MiB;

/** A log, split into the pieces in which it is read. */
function* piecesOf(text: string): Generator<Buffer> {
  const bytes = Buffer.from(text, "latin1");
  for (let start = 0; start < bytes.length; start += 64 * KiB) yield bytes.subarray(start, start + 64 * KiB);
}

async function ended(values: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of values);
}

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });
const inFile = (folder: string, content: string | Buffer): string => {
  const file = join(folder, "input");
  writeFileSync(file, content);
  return file;
};

/** Logs that cost as much as possible. */
const logs: Readonly<Record<string, string>> = {
  "one line": filled(logLength, "a"),
  "one token without an end": filled(logLength, "A", "token=eyJ"),
  "line feeds": filled(logLength, "\n"),
  "lines that continue": filled(logLength, `${"a".repeat(75)}=\n`),
  "beginnings of tokens": filled(logLength, "eyJ."),
  "escapes in escapes": filled(logLength, `${"%25".repeat(20_000)}\n`),
};

export function commandParsers(folder: string): readonly Parser[] {
  return [
    {
      name: "log: tokens",
      bound: "lines of 256 KiB, tokens of 16 KiB; longer ones are read in parts",
      sources: [
        "cli/log-files/token-blocks.ts",
        "cli/log-files/wrapped-tokens.ts",
        "cli/log-files/decode-escapes.ts",
        "cli/commands/redact/redact-stream.ts",
        "cli/commands/scan-logs/scan-log.ts",
      ],
      time: 400,
      memory: 400,
      inputs: () =>
        Object.entries(logs).map(([what, log]) => ({
          what,
          parse: () => pipeline(Readable.from(piecesOf(log)), createRedactStream("token"), nowhere()),
        })),
    },
    {
      name: "log: compressed or in UTF-16",
      bound: "read in parts, so that a log that expands to any size takes no memory",
      sources: ["cli/log-files/open-log.ts", "cli/log-files/peek.ts", "cli/system/compression-format.ts"],
      time: 60,
      memory: 200,
      inputs: () => {
        const file = inFile(folder, gzipSync(Buffer.alloc(64 * MiB)));
        return [
          {
            what: "64 MiB of zeros in 64 KiB",
            parse: async () =>
              ended((await openLog(file, { stdin: Readable.from([]), err: undefined as never })).chunks),
          },
        ];
      },
    },
    {
      name: "log: decisions",
      bound: "lines of 64 KiB; longer ones are skipped",
      sources: ["cli/commands/advise/decision-line.ts"],
      time: 120,
      memory: 200,
      inputs: () =>
        Object.entries({
          ...logs,
          "lists in lists": filled(logLength, `{"event":${"[".repeat(64_000)}\n`),
          "one member for each character": filled(logLength, `{"event":"",${'"":1,'.repeat(12_000)}"":1}\n`),
        }).map(([what, log]) => ({
          what,
          parse: () => ended(readDecisions(Readable.from(piecesOf(log)))),
        })),
    },
    {
      name: "lines of Apache",
      bound: "64 KiB; of a longer one the map says that it is refused",
      sources: ["cli/commands/rewritemap/read-lines.ts"],
      time: 400,
      memory: 200,
      inputs: () =>
        Object.entries(logs).map(([what, log]) => ({
          what,
          parse: () => ended(readLines(Readable.from(piecesOf(log)))),
        })),
    },
    {
      name: "configuration file",
      bound: "16 MiB, as any file that a command reads whole",
      sources: ["cli/command-line/config-file.ts", "cli/system/read-small-file.ts", "cli/system/decode-text.ts"],
      time: 400,
      memory: 1500,
      inputs: () => {
        const read = (content: string) => () => readConfigFile(inFile(folder, content), "serve", ["serve"]);
        return [
          { what: "lists in lists", parse: read(filled(longestFile, "[", '{"serve":')), refused: /not JSON/ },
          { what: "numbers", parse: read(repeated(longestFile, "1,", '{"serve":{"a":[', "1]}}")) },
          {
            what: "commands",
            parse: read(repeated(longestFile, '"a":{},', "{", '"a":{}}')),
            refused: /there is no command/,
          },
          { what: "one byte too many", parse: read(filled(longestFile + 1, " ")), refused: /16 MiB/ },
        ];
      },
    },
    {
      name: "pasted link or token",
      bound: "16 KiB",
      sources: [
        "cli/commands/inspect/pasted-link.ts",
        "cli/commands/inspect/pasted-key.ts",
        "cli/commands/inspect/wrapped-link.ts",
        "cli/commands/inspect/link-notes.ts",
        "cli/token/token-parts.ts",
        "cli/token/decode-base64url.ts",
      ],
      time: 20,
      memory: 64,
      inputs: () => {
        const longest = 16 * KiB;
        const texts = {
          "words that begin as a token": filled(longest, "eyJ "),
          "links in links": filled(longest, "https://a/?url=https%3A%2F%2F", "https://"),
          "marks at the end": filled(longest, ").", "https://a/"),
          "quoted lines": filled(longest, ">\n> ", "https://a/"),
          "soft line ends": filled(longest, "=\n", "token=3D"),
          "escapes of JSON": filled(longest, "\\u002f"),
          "a wrapped link of Proofpoint": filled(longest, "**A", "https://urldefense.com/v3/__https://a/", "__;AAAA!"),
        };
        return [
          ...Object.entries(texts).map(([what, text]) => ({ what, parse: () => readPastedLink(text, "token", false) })),
          {
            what: "one character too many",
            parse: () => readPastedLink("a".repeat(longest + 1), "token", false),
            refused: /too long/,
          },
          { what: "a token of dots", parse: () => readTokenParts(filled(longest, ".")) },
          {
            what: "lists in lists",
            parse: () =>
              readTokenParts(
                `e30.${Buffer.from(`{"a":${"[".repeat(6000)}${"]".repeat(6000)}}`).toString("base64url")}.A`,
              ),
          },
        ];
      },
    },
    {
      name: "key file",
      bound: "1 MiB",
      sources: [
        "cli/gate/decode-key-file.ts",
        "cli/gate/read-public-key-file.ts",
        "cli/gate/other-key-kind.ts",
        "cli/gate/public-half.ts",
      ],
      time: 150,
      memory: 200,
      inputs: () => {
        const block = (label: string, body: string): string => `-----BEGIN ${label}-----${body}-----END ${label}-----`;
        const read = (content: string | Buffer) => () => readPublicKeyFile(Buffer.from(content), "key.pem");
        const der = Buffer.alloc(longestKeyFile);
        der.set([0x30, 0x83, 0x0f, 0xff, 0xfb]);
        return [
          { what: "certificates", parse: read(repeated(longestKeyFile, block("CERTIFICATE", "MIIB"))) },
          {
            what: "private keys",
            parse: read(repeated(longestKeyFile, block("PRIVATE KEY", "MIIB"))),
            refused: /longer than 256 KiB/,
          },
          { what: "only BEGIN lines", parse: read(filled(longestKeyFile, "-----BEGIN PUBLIC KEY-----")) },
          { what: "binary zeros", parse: read(der), refused: /binary/ },
          { what: "one byte too many", parse: read(filled(longestKeyFile + 1, "a")), refused: /larger than 1 MiB/ },
        ];
      },
    },
    {
      name: "private key",
      bound: "256 KiB",
      sources: ["issuer/token/encryption-key.ts", "issuer/token/private-jwk.ts", "issuer/token/key-format.ts"],
      time: 30,
      memory: 200,
      inputs: () => {
        const longest = 256 * KiB;
        const read = (text: string) => () => readEncryptionKey(text, undefined);
        return [
          { what: "lists in lists", parse: read(filled(longest, "[", '{"keys":')), refused: /not valid JSON/ },
          {
            what: "empty keys",
            parse: read(repeated(longest, "{},", '{"keys":[', "{}]}")),
            refused: /contains \d+ keys/,
          },
          {
            what: "one block",
            parse: read(filled(longest, "A", "-----BEGIN PRIVATE KEY-----\n", "\n-----END PRIVATE KEY-----")),
            refused: /damaged/,
          },
          { what: "one character too many", parse: read("a".repeat(longest + 1)), refused: /longer than 256 KiB/ },
          {
            what: "JSON that may be a private key",
            parse: () => isPrivateJwk(filled(longestKeyFile, "[", '{"keys":')),
          },
        ];
      },
    },
    {
      name: "PEM blocks",
      bound: "none of its own; key files have 1 MiB",
      sources: ["issuer/token/pem.ts"],
      time: 40,
      memory: 200,
      inputs: () =>
        Object.entries({
          "single hyphens": filled(longestKeyFile, "-a", "-----BEGIN A-----", "-----END A-----"),
          "only BEGIN lines": filled(longestKeyFile, "-----BEGIN A-----"),
          "empty blocks": repeated(longestKeyFile, "-----BEGIN A----------END A-----"),
          "line ends that are written out": filled(longestKeyFile, "\\r\\n", "-----BEGIN A-----", "-----END A-----"),
        }).map(([what, text]) => ({ what, parse: () => findPemBlocks(text) })),
    },
    {
      name: "certificate and key of TLS",
      bound: "16 MiB, as any file that a command reads whole",
      sources: ["cli/tls/server-certificate.ts", "cli/tls/server-private-key.ts"],
      time: 60,
      memory: 400,
      inputs: () => [
        {
          what: "only BEGIN lines",
          parse: () => readServerCertificate(filled(longestFile, "-----BEGIN CERTIFICATE-----"), "a.pem"),
          refused: /damaged/,
        },
        {
          what: "no certificate",
          parse: () => readServerCertificate(filled(longestFile, "-----BEGIN "), "a.pem"),
          refused: /no certificate/,
        },
        {
          what: "no key",
          parse: () => readServerPrivateKey(filled(longestFile, "-----BEGIN "), "a.pem"),
          refused: /no private key/,
        },
      ],
    },
    {
      name: "JWK Set from a URL",
      bound: "1 MiB unpacked, 100 keys, 10 seconds",
      sources: ["cli/gate/jwk-set-url.ts"],
      time: 150,
      memory: 600,
      inputs: () => [
        {
          what: "empty keys",
          parse: () => fetched(gzipSync(repeated(MiB, "{},", '{"keys":[', "{}]}"))),
          refused: /sent more than 100 keys/,
        },
        {
          what: "64 MiB of spaces in 64 KiB",
          parse: () => fetched(gzipSync(Buffer.alloc(64 * MiB, " "))),
          refused: /more than 1 MiB/,
        },
        {
          what: "lists in lists",
          parse: () => fetched(gzipSync(filled(MiB, "[", '{"keys":'))),
          refused: /did not send a JWK Set/,
        },
      ],
    },
  ];
}

/** What the command reads from a response. */
async function fetched(body: Buffer): Promise<unknown> {
  const server = createServer((_request, response) => response.setHeader("Content-Encoding", "gzip").end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await fetchJwkSet(`http://127.0.0.1:${(server.address() as { port: number }).port}/`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
