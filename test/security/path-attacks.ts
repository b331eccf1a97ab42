import { jamfClaims, type WebSigningKey, webSignToken } from "../support/web-signing-key.ts";
import { type AttackCase, type Verdict, withToken } from "./attack-case.ts";

/** A token for `/f/a`, on other paths; and tokens for other things, on `/f/a`. */
export async function pathAttacks(key: WebSigningKey): Promise<AttackCase[]> {
  const bound = await webSignToken(key, { ...jamfClaims, aud: "/f/a" });
  const cases: AttackCase[] = [];
  const add = (reason: string, name: string, target: string, expected: Verdict, isOddTarget = false): void => {
    const odd = isOddTarget ? ({ isOddTarget } as { isOddTarget: true }) : {};
    cases.push({ name: `path: ${name}`, reason, policy: "pathBound", target, ...odd, expected });
  };
  const own = "the path of a token, whatever else is in the query";
  add(own, "its own", withToken(bound, "/f/a"), "allowed");
  add(own, "its own, with other parameters", `/f/a?x=/f/b&token=${bound}&y`, "allowed");
  for (const path of otherPaths) {
    add(
      "a path is compared byte for byte: a similar one does not match",
      path,
      withToken(bound, path),
      "path_mismatch",
    );
  }
  for (const path of oddPaths) {
    const reason = "programs normalise these paths, each in its own way";
    add(reason, path, withToken(bound, path), "path_mismatch", true);
  }
  for (const [target, expected] of Object.entries(absoluteTargets)) {
    const reason = "RFC 9112 section 3.2.2: the path of a target in absolute form follows the host";
    add(reason, target, withToken(bound, target), expected, true);
  }
  const audiences = [
    undefined,
    null,
    "",
    "f/a",
    "/f",
    "/f/",
    "/f/a?",
    "/f/a#",
    "/F/a",
    ["/f/a"],
    { path: "/f/a" },
    0,
    "*",
    "/f/*",
  ];
  for (const aud of audiences) {
    const token = await webSignToken(key, { ...jamfClaims, aud });
    const reason = "an aud must be one string, the path itself: no list, no pattern, no prefix";
    add(reason, `aud ${JSON.stringify(aud)}`, withToken(token, "/f/a"), "path_mismatch");
  }
  cases.push({
    name: "path: a path-bound token where none is expected",
    reason: "RFC 7519 section 4.1.3: a token for an audience is refused by every server that it does not name",
    policy: "jamf",
    target: withToken(bound, "/f/a"),
    expected: "audience_mismatch",
  });
  return cases;
}

const otherPaths = [
  ...["/", "/f", "/f/", "/f/a/", "/F/a", "/f/A", "/f/ab", "/g/f/a", "/f/a/b", "/f/a;v=1", "/f/a.", "/f/a,b"],
  ...["/f/%61", "/%66/a", "/f/a%20", "/f/a%3f", "/f/a%23", "/f/a%3Ftoken=x", "/f/a:b", "/f/a~", "/f/a$"],
];

const oddPaths = [
  ...[
    "//f/a",
    "/f//a",
    "/f/a//",
    "///f/a",
    "//files.example/f/a",
    "/f/./a",
    "/./f/a",
    "/g/../f/a",
    "/f/a/.",
    "/f/a/..",
  ],
  ...[
    "/f/a/../b",
    "/f/%2e/a",
    "/g/%2E%2e/f/a",
    "/f%2fa",
    "/f%2Fa",
    "/%2ff/a",
    "/f/a%2f",
    "/f%5ca",
    "/f/a%2e",
    "/f/a%00",
  ],
  ...["/f\\a", "\\f\\a", "/f/a\\", "f/a", "*"],
];

const absoluteTargets: Record<string, Verdict> = {
  "http://files.example/f/a": "allowed",
  "https://files.example:8443/f/a": "allowed",
  "HTTP://files.example/f/a": "allowed",
  "http://[::1]:8080/f/a": "allowed",
  "http://files.example/F/a": "path_mismatch",
  "http://files.example/f/a/": "path_mismatch",
  "http://files.example//f/a": "path_mismatch",
  "http://files.example": "path_mismatch",
  "http://user@files.example/f/a": "path_mismatch",
  "http://files.example\\@x/f/a": "path_mismatch",
  "ftp://files.example/f/a": "path_mismatch",
  "http:///f/a": "path_mismatch",
  "http:/f/a": "path_mismatch",
};
