import { type WebSigningKey, webSignToken } from "../support/web-signing-key.ts";
import type { AttackCase, Verdict } from "./attack-case.ts";

/** One valid token, in every place and spelling of a URL. */
export async function queryAttacks(key: WebSigningKey): Promise<AttackCase[]> {
  const good = await webSignToken(key);
  const cases: AttackCase[] = [];
  const add = (reason: string, expected: Verdict, targets: Record<string, string>, isOddTarget = false): void => {
    for (const [name, target] of Object.entries(targets)) {
      const filled = target.replaceAll("GOOD", good);
      const odd = isOddTarget ? ({ isOddTarget } as { isOddTarget: true }) : {};
      cases.push({ name: `query: ${name}`, reason, policy: "jamf", target: filled, ...odd, expected });
    }
  };
  add("no token, no file", "token_missing", {
    "no query": "/a.ipa",
    "an empty query": "/a.ipa?",
    "only ampersands": "/a.ipa?&&&",
    "another parameter": "/a.ipa?x=GOOD",
    "no name": "/a.ipa?=GOOD",
    "no name and no equals sign": "/a.ipa?GOOD",
  });
  add("a parameter's name is compared as a whole, and in the same letter case", "token_missing", {
    "in capitals": "/a.ipa?TOKEN=GOOD",
    "with a capital": "/a.ipa?Token=GOOD",
    "a longer name": "/a.ipa?token2=GOOD",
    "a name that ends in it": "/a.ipa?x-token=GOOD",
    "brackets, as PHP and qs read lists": "/a.ipa?token[]=GOOD",
    "brackets escaped": "/a.ipa?token%5B%5D=GOOD",
    "an index": "/a.ipa?token[0]=GOOD",
    "a space in front": "/a.ipa?+token=GOOD",
    "a space after it": "/a.ipa?token+=GOOD",
    "a NUL after the name": "/a.ipa?token%00=GOOD",
    "a dot": "/a.ipa?.token=GOOD",
    "a name of full-width letters": "/a.ipa?%EF%BD%94oken=GOOD",
    "a name escaped twice": "/a.ipa?%2574oken=GOOD",
  });
  add("WHATWG URL, application/x-www-form-urlencoded: names are compared after decoding", "allowed", {
    "an escaped name": "/a.ipa?%74%6F%6b%65%6E=GOOD",
    "an escaped letter": "/a.ipa?t%6Fken=GOOD",
  });
  add(
    "nginx, PHP and others take the first of two, or the last: two are refused, even if they are equal",
    "token_repeated",
    {
      "the same token twice": "/a.ipa?token=GOOD&token=GOOD",
      "the second escaped": "/a.ipa?token=GOOD&%74oken=GOOD",
      "the first escaped": "/a.ipa?%74oken=GOOD&token=GOOD",
      "the second empty": "/a.ipa?token=GOOD&token=",
      "the second without an equals sign": "/a.ipa?token=GOOD&token",
      "the first empty": "/a.ipa?token=&token=GOOD",
      "the second wrong": "/a.ipa?token=GOOD&token=x",
      "the first wrong": "/a.ipa?token=x&token=GOOD",
      "a hundred": `/a.ipa?${"token=x&".repeat(99)}token=GOOD`,
      "far apart": `/a.ipa?token=GOOD&${"x=1&".repeat(200)}token=GOOD`,
    },
  );
  add("RFC 3986 section 3.4 and the WHATWG URL standard: only an ampersand separates parameters", "token_missing", {
    "after a semicolon": "/a.ipa?x=1;token=GOOD",
    "after an escaped ampersand": "/a.ipa?x=1%26token=GOOD",
    "after a second question mark": "/a.ipa?x=?token=GOOD",
    "after two question marks": "/a.ipa??token=GOOD",
    "after an escaped question mark": "/a.ipa%3Ftoken=GOOD",
    "as a matrix parameter": "/a.ipa;token=GOOD",
    "as a matrix parameter of the query": "/a.ipa?;token=GOOD",
    "in the path": "/token=GOOD",
    "as a segment of the path": "/GOOD/a.ipa",
    "as a file name": "/a.ipa/GOOD",
    "after a comma": "/a.ipa?x=1,token=GOOD",
    "after a line feed": "/a.ipa?x=1%0Atoken=GOOD",
  });
  add("other parameters are ignored", "allowed", {
    last: "/a.ipa?x=1&y=%zz&token=GOOD",
    first: "/a.ipa?token=GOOD&x=1",
    "between empty parts": "/a.ipa?&&token=GOOD&&",
    "with other parameters of its letters": "/a.ipa?tokens=x&TOKEN=y&token=GOOD&token%00=z",
    "with a parameter named __proto__": "/a.ipa?__proto__=x&constructor=y&token=GOOD",
    "with a question mark in a value": "/a.ipa?x=a?b&token=GOOD",
    "with a thousand others": `/a.ipa?${"x=1&".repeat(1000)}token=GOOD`,
    "on a path with escapes": "/a%20b/%E4%BD%A0.ipa?token=GOOD",
    "on a path with an escaped question mark": "/a%3Fb.ipa?token=GOOD",
  });
  add(
    "RFC 9110 section 4.2.5: a fragment is never sent, and nothing in it counts",
    "token_missing",
    {
      "in the fragment": "/a.ipa#?token=GOOD",
      "in the fragment of a query": "/a.ipa?x=1#&token=GOOD",
      "after an empty fragment": "/a.ipa?#token=GOOD",
    },
    true,
  );
  add(
    "what follows a number sign is not a second token",
    "allowed",
    {
      "a fragment after it": "/a.ipa?token=GOOD#token=x",
    },
    true,
  );
  return cases;
}
