import { durationText } from "../../packages/cli/src/command-line/duration.ts";
import { dashedName } from "../../packages/cli/src/command-line/option.ts";
import { readText } from "../../packages/cli/src/command-line/option-value.ts";
import { type GateRuleValues, gateOptions, gateOptionTable } from "../../packages/cli/src/gate/gate-option-table.ts";
import { element } from "./element.ts";

const { key: _, keyRefresh: __, ...rules } = gateOptionTable;

type Rule = keyof typeof rules;

/** The fields for the gate's rules, made from the table that also makes the command's options. */
export function ruleFields(): HTMLElement[] {
  return Object.entries(rules).map(([name, option]) => {
    const id = `rule-${name}`;
    const label = element("label", { for: id }, `--${dashedName(name)}`);
    const hint = element("p", { class: "hint", id: `${id}-hint` }, sentence(option.description));
    const described = { id, "aria-describedby": `${id}-hint` };
    if (option.kind === "flag") {
      const box = element("input", { ...described, type: "checkbox" });
      return element("div", { class: "field" }, element("div", { class: "choice" }, box, label), hint);
    }
    const field = element("input", {
      ...described,
      type: "text",
      value: defaultText(name as Rule),
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
    });
    return element("div", { class: "field" }, label, field, hint);
  });
}

/** The rules as they are in the fields; throws a `CommandError` that names a wrong one. */
export function readRules(): GateRuleValues {
  const values = Object.fromEntries(
    Object.entries(rules).map(([name, option]) => {
      const field = document.getElementById(`rule-${name}`) as HTMLInputElement;
      if (option.kind === "flag") return [name, field.checked];
      const text = field.value.trim();
      const value = text === "" ? defaultOf(name as Rule) : readText(option, text, `--${dashedName(name)}`);
      return [name, value];
    }),
  ) as unknown as GateRuleValues;
  gateOptions(values, () => 0); // throws if two of them exclude each other
  return values;
}

/** Sets all fields to the defaults. */
export function resetRules(): void {
  for (const name of Object.keys(rules)) {
    const field = document.getElementById(`rule-${name}`) as HTMLInputElement;
    field.checked = false;
    if (field.type === "text") field.value = defaultText(name as Rule);
  }
}

function defaultOf(name: Rule): string | number | undefined {
  const option = rules[name];
  return "default" in option ? option.default : undefined;
}

function defaultText(name: Rule): string {
  const value = defaultOf(name);
  return typeof value === "number" ? durationText(value) : (value ?? "");
}

function sentence(phrase: string): string {
  return `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}.`;
}
