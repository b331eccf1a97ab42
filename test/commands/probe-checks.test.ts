import assert from "node:assert/strict";
import { test } from "node:test";
import { checkResponses, type ResponseContext } from "../../packages/cli/src/commands/probe/check-responses.ts";
import { probeCases } from "../../packages/cli/src/commands/probe/probe-case.ts";
import type { ProbeMethod, ProbeResponse } from "../../packages/cli/src/commands/probe/probe-client.ts";
import type { CaseResult } from "../../packages/cli/src/commands/probe/probe-result.ts";
import { verdictOf } from "../../packages/cli/src/commands/probe/verdict.ts";

type Responses = Readonly<Record<ProbeMethod, ProbeResponse>>;
type Headers = Readonly<Record<string, string | undefined>>;

const empty = { status: 401, headers: { "cache-control": "no-store" }, body: Buffer.alloc(0) } as ProbeResponse;
const refused: Responses = { GET: empty, HEAD: empty, Range: empty };
const sound: Headers = {
  "content-length": "7",
  "content-type": "application/octet-stream",
  etag: '"1"',
  "cache-control": "private",
};

function response(status: number, headers: Headers, more: Partial<ProbeResponse> = {}): ProbeResponse {
  const present = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
  return { ...empty, status, headers: present, ...more } as ProbeResponse;
}

/** The responses to a valid token: those of a correct server, and what differs. */
function served(more: Headers = {}, changed: Partial<Responses> = {}): Responses {
  const headers = { ...sound, ...more };
  const range = { ...headers, "content-length": "1", "content-range": "bytes 0-0/7" };
  return { GET: response(200, headers), HEAD: response(200, headers), Range: response(206, range), ...changed };
}

function results(valid: Responses, other: Responses = refused): CaseResult[] {
  return probeCases.map((probe) => {
    const responses = probe.grade === "valid" ? valid : other;
    const query = "token=eyJh.eyJz.c2lnbmF0dXJl";
    return { probe, query, responses, kinds: { GET: "refused", HEAD: "refused", Range: "refused" }, faults: [] };
  });
}

const context: ResponseContext = { url: new URL("https://example.com/a.ipa"), isLoopback: false, clockOffset: 0 };

const endOfHead = "devices send HEAD first.";
const checks: readonly (readonly [
  id: string,
  outcome: "good" | "fault" | "warning" | undefined,
  sentence: string,
  valid: Responses,
  other?: Responses,
  context?: Partial<ResponseContext>,
])[] = [
  ["tls", "good", "Encrypted with TLS.", served()],
  ["tls", "good", "Encrypted with TLSv1.3.", served({}, { GET: response(200, sound, { tlsVersion: "TLSv1.3" }) })],
  [
    "tls",
    "fault",
    "Not encrypted: anyone on the network path can read tokens, and devices need https.",
    served(),
    refused,
    { url: new URL("http://example.com/a.ipa") },
  ],
  [
    "tls",
    "warning",
    "Not encrypted: fine on this computer, but devices need https.",
    served(),
    refused,
    { url: new URL("http://localhost/a.ipa"), isLoopback: true },
  ],
  [
    "clock",
    "warning",
    "No Date header, so the server's clock is unknown.",
    served(),
    refused,
    { clockOffset: undefined },
  ],
  ["clock", "good", "Its clock agrees with this computer's.", served(), refused, { clockOffset: 30 }],
  ["clock", "good", "Its clock agrees with this computer's.", served(), refused, { clockOffset: -30 }],
  [
    "clock",
    "fault",
    "Its clock is 31 s ahead of this computer's: tokens expire at the wrong time.",
    served(),
    refused,
    { clockOffset: 31 },
  ],
  [
    "clock",
    "fault",
    "Its clock is 1 h behind this computer's: tokens expire at the wrong time.",
    served(),
    refused,
    { clockOffset: -3600 },
  ],
  ["redirect", "good", "No response is a redirect.", served()],
  [
    "redirect",
    "fault",
    "It REDIRECTS (302): devices do not follow it, and the token may leak to another server.",
    served(),
    { ...refused, HEAD: response(302, {}) },
  ],
  ["echo", "good", "No response repeats the token.", served()],
  [
    "echo",
    "fault",
    "A response REPEATS THE TOKEN, so it ends up in more logs and caches.",
    served(),
    { ...refused, GET: response(401, {}, { body: Buffer.from("no: c2lnbmF0dXJl") }) },
  ],
  ["failure", "good", "Every request got a complete response, and none was a server error.", served()],
  [
    "failure",
    "fault",
    "The server FAILS with 500 for some tokens instead of refusing them.",
    served(),
    { ...refused, Range: response(500, {}) },
  ],
  [
    "failure",
    "fault",
    "Some requests got no complete response: it hung up.",
    served(),
    { ...refused, Range: response(0, {}, { problem: { sentence: "it hung up" } }) },
  ],
  ["refusal_caching", "good", "Caches do not store refusals.", served()],
  ["refusal_caching", "good", "Caches do not store refusals.", served(), { ...refused, GET: response(404, {}) }],
  ...["public", "max-age=1"].map(
    (control) =>
      [
        "refusal_caching",
        "fault",
        "Caches may STORE REFUSALS and serve them to devices with valid tokens.",
        served(),
        { ...refused, GET: response(401, { "cache-control": control }) },
      ] as const,
  ),
  ["refusal_caching", "good", "Caches do not store refusals.", served({ "cache-control": "public" })],
  ["head", "good", "HEAD and GET agree.", served()],
  ["head", "fault", `HEAD responds with 405, GET with 200: ${endOfHead}`, served({}, { HEAD: response(405, {}) })],
  [
    "head",
    "fault",
    `HEAD gets no response, but GET does (it hung up): ${endOfHead}`,
    served({}, { HEAD: response(0, {}, { problem: { sentence: "it hung up" } }) }),
  ],
  ...["content-length", "content-type", "etag"].flatMap(
    (name) =>
      [
        [
          "head",
          "fault",
          `HEAD and GET send different values of ${name}: ${endOfHead}`,
          served({}, { HEAD: response(200, { ...sound, [name]: "8" }) }),
        ],
        [
          "head",
          "warning",
          `HEAD omits ${name}, which GET sends: ${endOfHead}`,
          served({}, { HEAD: response(200, { ...sound, [name]: undefined }) }),
        ],
      ] as const,
  ),
  ["range", "good", "Range requests work (206).", served()],
  [
    "range",
    "warning",
    "No range requests: an interrupted download starts again from zero.",
    served({}, { Range: response(200, sound) }),
  ],
  ...[
    { "content-range": undefined },
    { "content-range": "bytes 0-1/7" },
    { "content-range": "bytes 0-0/*" },
    { "content-range": "bytes 0-0/7", "content-length": "7" },
  ].map(
    (headers) =>
      [
        "range",
        "fault",
        "Its 206 has a wrong Content-Range or length: resumed downloads fail.",
        served({}, { Range: response(206, headers) }),
      ] as const,
  ),
  ["etag", "good", "A strong ETag lets devices resume.", served()],
  ["etag", "good", "Last-Modified lets devices resume.", served({ etag: 'W/"1"', "last-modified": "x" })],
  ["etag", "warning", "Neither a strong ETag nor Last-Modified: devices cannot resume.", served({ etag: 'W/"1"' })],
  ["etag", "warning", "Neither a strong ETag nor Last-Modified: devices cannot resume.", served({ etag: undefined })],
  ...["private", "no-store", "max-age=0, Private"].map(
    (control) =>
      [
        "caching",
        "good",
        "Shared caches are told not to store the file.",
        served({ "cache-control": control }),
      ] as const,
  ),
  ...["public", "s-maxage=60"].map(
    (control) =>
      [
        "caching",
        "fault",
        "Shared caches may STORE THE FILE and serve it without a token.",
        served({ "cache-control": control }),
      ] as const,
  ),
  [
    "caching",
    "warning",
    "No Cache-Control: private; a shared cache might store the file.",
    served({ "cache-control": undefined }),
  ],
  [
    "type",
    "good",
    "Its media type is application/octet-stream.",
    served({ "content-type": "application/octet-stream; x=y" }),
  ],
  [
    "type",
    "warning",
    "Its media type is text/plain; Apple's clients expect application/octet-stream.",
    served({ "content-type": "text/plain" }),
  ],
  [
    "type",
    "warning",
    "Its media type is none; Apple's clients expect application/octet-stream.",
    served({ "content-type": undefined }),
  ],
  ["type", undefined, "", served(), refused, { url: new URL("https://example.com/notes.txt") }],
  ["encoding", undefined, "", served()],
  [
    "encoding",
    "fault",
    "It is sent compressed (br): hashes and ranges do not match the file.",
    served({ "content-encoding": "br" }),
  ],
  // If the file is not served, nothing is known about it.
  ...["head", "range", "etag", "caching", "type"].map((id) => [id, undefined, "", refused] as const),
];
for (const [id, outcome, sentence, valid, other = refused, more = {}] of checks) {
  test(`${id}: ${outcome === undefined ? "not checked" : sentence}`, () => {
    const found = checkResponses(results(valid, other), { ...context, ...more }).find((check) => check.id === id);
    assert.deepEqual([found?.outcome, found?.sentence ?? ""], [outcome, sentence]);
  });
}

test("the verdict counts the faults, and warnings do not count", () => {
  const fault = { id: "x", outcome: "fault", sentence: "x" } as const;
  const warning = { id: "x", outcome: "warning", sentence: "x" } as const;
  const of = (found: Parameters<typeof verdictOf>[1], valid = served()) => {
    const { word, sentence } = verdictOf(results(valid), found);
    return `${word}: ${sentence}`;
  };
  assert.equal(of([warning]), "LOCKED: only valid, unexpired tokens for this purpose open it.");
  assert.equal(of([fault, warning]), "FLAWED: locked, but 1 fault is marked above.");
  assert.equal(of([fault, fault]), "FLAWED: locked, but 2 faults are marked above.");
  const valid = (status: number, more: Partial<ProbeResponse> = {}) => served({}, { GET: response(status, {}, more) });
  assert.equal(of([], valid(302)), "SHUT: it redirects even with a valid token, and devices do not follow redirects.");
  assert.equal(
    of([], valid(404)),
    "SHUT: with a valid token, the file is not found (404). Probe the URL of a file that exists.",
  );
  assert.equal(
    of([], valid(0, { problem: { sentence: "it hung up" } })),
    "SHUT: a request with a valid token gets no response: it hung up.",
  );
  for (const [status, hint] of [
    [204, "Check that this is the URL of a file."],
    [401, "Check that the server has the public half of the key that signed it."],
    [403, "Check that the server has the public half of the key that signed it."],
    [500, "See the server's log."],
  ] as const)
    assert.equal(of([], valid(status)), `SHUT: a valid token is refused (${status}), so nobody can download. ${hint}`);
});
