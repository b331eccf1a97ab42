import assert from "node:assert/strict";
import { test } from "node:test";
import {
  appleContentType,
  badPathResponse,
  contentType,
  failureResponse,
  methodNotAllowedResponse,
  missingResponse,
  problemResponse,
} from "@portcullis/origin";

/** Apple Platform Deployment, "Distribute proprietary in-house apps"; books as the Books app registers them. */
const typesOfApple = {
  ipa: "application/octet-stream",
  pkg: "application/octet-stream",
  dmg: "application/octet-stream",
  plist: "text/xml",
  mobileconfig: "application/x-apple-aspen-config",
  epub: "application/epub+zip",
  ibooks: "application/x-ibooks+zip",
  pdf: "application/pdf",
};

const otherTypes = {
  html: "text/html; charset=utf-8",
  png: "image/png",
  zip: "application/zip",
};

test("a file has the media type that Apple's clients expect, or else the usual one of its extension", () => {
  for (const [extension, type] of Object.entries({ ...typesOfApple, ...otherTypes })) {
    for (const name of [`a.${extension}`, `a/b.c.${extension.toUpperCase()}`]) {
      assert.equal(contentType(name), type, name);
      assert.equal(appleContentType(name), extension in typesOfApple ? type : undefined, name);
    }
  }
  for (const name of ["a", "a.", "a.ipa.unknown", "a.constructor", "a.__proto__"]) {
    assert.equal(contentType(name), "application/octet-stream", name);
    assert.equal(appleContentType(name), undefined, name);
  }
});

for (const [response, title, detail, headers] of [
  [badPathResponse(), "400 Bad Request", /cannot name a file/, {}],
  [missingResponse({ status: 404 }), "404 Not Found", /no such file/, {}],
  [methodNotAllowedResponse(), "405 Method Not Allowed", /GET or HEAD/, { Allow: "GET, HEAD" }],
  [problemResponse(412, "x", { ETag: '"v1"' }), "412 Precondition Failed", /^x$/, { ETag: '"v1"' }],
  [problemResponse(416, "é"), "416 Range Not Satisfiable", /^é$/, {}],
  [failureResponse(), "500 Internal Server Error", /could not be read/, {}],
  [missingResponse({ status: 502 }), "502 Bad Gateway", /could not be fetched/, { "Retry-After": "2" }],
  [missingResponse({ status: 503 }), "503 Service Unavailable", /not available at the moment/, { "Retry-After": "2" }],
  [problemResponse(418, "x"), "418 Error", /^x$/, {}],
] as const) {
  test(`the problem document of ${title} is complete, and no cache stores it`, () => {
    const { status, problem = "", range } = response;
    const document = JSON.parse(problem);
    assert.equal(`${status} ${document.title}`, title);
    assert.deepEqual(Object.keys(document), ["type", "title", "status", "detail"]);
    assert.deepEqual([document.type, document.status, range], ["about:blank", status, undefined]);
    assert.match(document.detail, detail);
    assert.deepEqual(response.headers, {
      "Content-Type": "application/problem+json",
      "Content-Length": String(Buffer.byteLength(problem)),
      "Cache-Control": "no-store",
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
      ...headers,
    });
  });
}
