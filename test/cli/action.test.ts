import assert from "node:assert/strict";
import { test } from "node:test";
import { type ActionTable, chooseAction } from "../../packages/cli/src/command-line/action.ts";
import { apiToken, apiTokenActions } from "../../packages/cli/src/commands/api-token/api-token.ts";
import { configuration, configurationActions } from "../../packages/cli/src/commands/configuration/configuration.ts";
import { item, itemActions } from "../../packages/cli/src/commands/item/item.ts";
import { link, linkActions } from "../../packages/cli/src/commands/link/link.ts";

const actions = {
  list: { options: ["after"] },
  show: { subject: "the ID of the link" },
  make: { subject: "a name", subjectOptional: true, options: ["days", "useTls", "after"] },
} satisfies ActionTable;

const choose = (action: string, subject?: string, options: object = {}): string =>
  chooseAction("thing", actions, { action, subject }, options);

test("an action is chosen if its operand and its options fit it", () => {
  assert.equal(choose("list", undefined, { after: "x", useTls: false, json: true, days: undefined }), "list");
  assert.equal(choose("show", "1"), "show");
  assert.equal(choose("make", "a", { days: 1, useTls: true }), "make");
  assert.equal(choose("make"), "make");
});

for (const [what, run, message] of [
  ["an unknown action", () => choose("lst"), /^ACTION must be one of list, show, make/],
  ["a missing operand", () => choose("show"), /^thing show: specify the ID of the link$/],
  ["one operand too many", () => choose("list", "x"), /^thing list takes no further operand: remove x$/],
  ["an option of another action", () => choose("show", "1", { days: 1 }), /^--days has no effect on thing show$/],
  [
    "a flag of another action",
    () => choose("list", undefined, { useTls: true }),
    /^--use-tls has no effect on thing list/,
  ],
] as const) {
  test(`${what} is refused`, () => assert.throws(run, { message }));
}

test("the message about an option without effect names all actions that take it", () => {
  assert.throws(() => choose("show", "1", { after: "x" }), { remedy: "It is for thing list and make" });
});

test("the actions of every command name options that it has", () => {
  for (const [{ name, options }, table] of [
    [item, itemActions],
    [link, linkActions],
    [apiToken, apiTokenActions],
    [configuration, configurationActions],
  ] as const) {
    for (const [action, { options: own = [] }] of Object.entries<ActionTable[string]>(table)) {
      for (const option of own) assert.ok(option in options, `${name} ${action} --${option}`);
    }
  }
});
