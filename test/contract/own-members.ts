import { inspect } from "node:util";

/** Members through which a request leads to its connection, and so to what was sent on it before. */
const connections = ["socket", "client", "res", "response", "ctx", "app", "next"];

/** All that an object holds by itself, symbols and hidden members too, as text to look for tokens in. */
export function ownMembers(object: object): string {
  const members = Reflect.ownKeys(object).filter((name) => !connections.includes(String(name)));
  const values = members.map((name) => [name, Reflect.get(object, name)]);
  return inspect(values, { depth: 3, customInspect: false, maxArrayLength: null, maxStringLength: null });
}
