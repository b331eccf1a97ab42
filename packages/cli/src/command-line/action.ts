import { usageError } from "./command-error.ts";
import { dashedName } from "./option.ts";
import { oneOf } from "./option-value.ts";

/** One of the actions of a command; the first operand names it. */
export interface Action {
  /** What the second operand is, such as "the ID of the link"; absent if the action takes none. */
  readonly subject?: string;
  /** Whether the action works without it. */
  readonly subjectOptional?: boolean;
  /** The options that have an effect on this action. One that no action names has an effect on all. */
  readonly options?: readonly string[];
}

/** The actions of a command by name. */
export type ActionTable = Readonly<Record<string, Action>>;

/** The names, in order, as the choices of an operand. */
export function actionNames<Name extends string>(actions: Readonly<Record<Name, Action>>): readonly Name[] {
  return Object.keys(actions) as Name[];
}

/** Returns the action if its operand and options fit it; an option that would have no effect is a mistake. */
export function chooseAction<Name extends string>(
  command: string,
  actions: Readonly<Record<Name, Action>>,
  { action, subject }: { readonly action: string; readonly subject?: string | undefined },
  options: object,
): Name {
  const name = oneOf(actionNames(actions), action, "ACTION");
  const chosen = actions[name];
  if (chosen.subject === undefined && subject !== undefined) {
    throw usageError(`${command} ${name} takes no further operand: remove ${subject}`);
  }
  if (chosen.subject !== undefined && !chosen.subjectOptional && subject === undefined) {
    throw usageError(`${command} ${name}: specify ${chosen.subject}`);
  }
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined || value === false || chosen.options?.includes(option)) continue;
    const others = actionNames(actions).filter((other) => actions[other].options?.includes(option));
    if (others.length === 0) continue;
    throw usageError(
      `--${dashedName(option)} has no effect on ${command} ${name}`,
      `It is for ${command} ${others.join(" and ")}`,
    );
  }
  return name;
}
