import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, type Decision, refusalCodes } from "@portcullis/core";
import { now, policies } from "../security/attack-case.ts";
import { attackCorpus } from "../security/attack-corpus.ts";
import { webSigningKey } from "../support/web-signing-key.ts";

const key = await webSigningKey();
const corpus = await attackCorpus(key);
const gates = {
  jamf: createGate({ keys: key.publicPem, now: () => now, ...policies.jamf }),
  pathBound: createGate({ keys: key.publicPem, now: () => now, ...policies.pathBound }),
  audience: createGate({ keys: key.publicPem, now: () => now, ...policies.audience }),
};
const verdictOf = (decision: Decision): string => (decision.allowed ? "allowed" : decision.code);

test("every case of the attack corpus gets the decision that it expects", async () => {
  const wrong: string[] = [];
  for (const { name, policy, target, expected } of corpus) {
    const verdict = verdictOf(await gates[policy].check(target));
    if (verdict !== expected) wrong.push(`${name}: ${verdict}, not ${expected}`);
  }
  assert.deepEqual(wrong, []);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

test("every case gets the same decision from a gate that has just seen all others, in another order", async () => {
  const wrong: string[] = [];
  for (const { name, policy, target, expected } of corpus.toReversed()) {
    const verdict = verdictOf(await gates[policy].check(target));
    if (verdict !== expected) wrong.push(`${name}: ${verdict}, not ${expected}`);
  }
  assert.deepEqual(wrong, []);
});

test("the corpus has several hundred cases, each with a name of its own, and every code that a request can get", () => {
  assert.ok(corpus.length >= 550, `${corpus.length} cases`);
  assert.equal(new Set(corpus.map(({ name }) => name)).size, corpus.length);
  const verdicts = new Set<string>(corpus.map(({ expected }) => expected));
  assert.deepEqual(
    refusalCodes.filter((code) => !verdicts.has(code)),
    ["keys_unavailable"],
  );
  assert.ok(verdicts.has("allowed"));
});
