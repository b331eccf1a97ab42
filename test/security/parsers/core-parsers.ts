import { createGate, findTokens, importKeys, redactToken } from "@portcullis/core";
import { readDer } from "../../../packages/core/src/der.ts";
import { filled, KiB, MiB, type Parser, repeated } from "./parser.ts";

const jwk = (n: string): string => JSON.stringify({ kty: "RSA", n, e: "AQAB" });
/** The modulus of a key that is never used: any odd number of 2048 bits. */
const modulus = Buffer.concat([Buffer.from([0xff]), Buffer.alloc(255, 0x55)]).toString("base64url");
const gate = createGate({ keys: jwk(modulus) });
const segment = (text: string): string => Buffer.from(text).toString("base64url");
const token = (payload: string): string => `${segment('{"alg":"RS256"}')}.${segment(payload)}.${"A".repeat(342)}`;

/** The longest request target that Node.js accepts, together with the headers. */
const longestTarget = 16 * KiB;

export const coreParsers: readonly Parser[] = [
  {
    name: "request target and token",
    bound: "a token of 4096 characters, JSON 16 levels deep; targets as long as the server accepts (16 KiB in Node.js)",
    sources: ["core/download-url.ts", "core/compact-jws.ts", "core/base64url.ts", "core/json-object.ts"],
    time: 3,
    memory: 64,
    inputs: () =>
      Object.entries({
        "only ampersands": filled(longestTarget, "&", "/a?"),
        "parameters whose names are escaped": filled(longestTarget, "%74oke%6e&", "/a?"),
        "half escapes": filled(longestTarget, "%e", "/a?"),
        "a path of dots": filled(longestTarget, "/.", "/", "?token=a.b.c"),
        "a token of dots": filled(4096, ".", "/a?token="),
        "lists in lists": `/a?token=${token("[".repeat(2600))}`,
        "objects in objects": `/a?token=${token(repeated(2600, '{"a":'))}`,
        "one claim for each byte": `/a?token=${token(`{${repeated(2600, '"":1,')}"a":1}`)}`,
        "a token that is a character too long": `/a?token=${filled(4097, "A")}`,
      }).map(([what, url]) => ({ what, parse: () => gate.check(url) })),
  },
  {
    name: "tokens in a text",
    bound: "none of its own; requests have 16 KiB, lines of a log 256 KiB",
    sources: ["core/guard/find-tokens.ts"],
    time: 60,
    memory: 400,
    inputs: () =>
      Object.entries({
        "headers of tokens": filled(MiB, "eyJ"),
        "dots between headers": filled(MiB, "eyJ."),
        "escaped percent signs": filled(MiB, "%25"),
        "escapes in escapes": filled(MiB, "%252525252525252565"),
        "names of the parameter": filled(MiB, "token="),
        "wrapped lines": filled(MiB, "=\n"),
        "one signature": filled(MiB, "A"),
      }).map(([what, text]) => ({ what, parse: () => [findTokens(text), redactToken(text.slice(0, 16 * KiB))] })),
  },
  {
    name: "public key: PEM",
    bound: "none of its own; the commands read 1 MiB",
    sources: ["core/pem-public-key.ts", "core/public-key.ts"],
    time: 40,
    memory: 150,
    inputs: () => [
      {
        what: "a block of base64",
        parse: () => importKeys(filled(MiB, "A", "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")),
        refused: /damaged/,
      },
      {
        what: "a block of line feeds",
        parse: () => importKeys(filled(MiB, "\\n", "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")),
        refused: /damaged/,
      },
      { what: "only BEGIN lines", parse: () => importKeys(filled(MiB, "-----BEGIN ")), refused: /PEM blocks/ },
      { what: "white space", parse: () => importKeys(filled(MiB, " ")), refused: /empty/ },
    ],
  },
  {
    name: "public key: DER",
    bound: "elements below 16 MiB; the commands read 1 MiB",
    sources: ["core/der.ts", "core/der-public-key.ts"],
    time: 40,
    memory: 300,
    inputs: () => {
      const elements = Buffer.concat([Buffer.from([0x30, 0x83, 0x0f, 0xff, 0xf6]), Buffer.alloc(0x0ffff6, "\x05\x00")]);
      return [
        { what: "half a million elements", parse: () => importKeys(elements), refused: /damaged/ },
        { what: "half a million elements, alone", parse: () => readDer(elements.subarray(5)) },
      ];
    },
  },
  {
    name: "public key: JWK and JWK Set",
    bound: "none of its own; the commands read 1 MiB, and 100 keys from a URL",
    sources: ["core/public-key.ts", "core/import-keys.ts"],
    time: 600,
    memory: 500,
    inputs: () => {
      const numbers = Array.from({ length: 100 }, (_, index) =>
        Buffer.concat([Buffer.from([0xff, index]), Buffer.alloc(1022, 0x55)]).toString("base64url"),
      );
      return [
        { what: "100 keys of 8192 bits", parse: () => importKeys(`{"keys":[${numbers.map(jwk)}]}`) },
        {
          what: "keys that are empty",
          parse: () => importKeys(repeated(MiB, "{},", '{"keys":[', "{}]}")),
          refused: /no key in the JWK Set can be used/,
        },
        { what: "lists in lists", parse: () => importKeys(filled(MiB, "[", '{"keys":')), refused: /not valid JSON/ },
        { what: "a number of a million digits", parse: () => importKeys(jwk(filled(MiB, "A", "_"))), refused: /bits/ },
      ];
    },
  },
];
