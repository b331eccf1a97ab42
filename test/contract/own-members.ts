import { inspect } from "node:util";

/** Members that lead from a request to its connection, and so to everything that was sent on it. */
const connections = ["socket", "client", "res", "response", "ctx", "app", "next"];

/** All own members of an object, including symbols and hidden ones, as text to search for tokens. */
export function ownMembers(object: object): string {
  const members = Reflect.ownKeys(object).filter((name) => !connections.includes(String(name)));
  const values = members.map((name) => [name, Reflect.get(object, name)]);
  return inspect(values, { depth: 3, customInspect: false, maxArrayLength: null, maxStringLength: null });
}
