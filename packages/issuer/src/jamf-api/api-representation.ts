import { issuerError } from "../issuer-error.ts";
import { decodeXml } from "../property-list/decode-text.ts";
import { escapeXml, parseXml, type XmlElement } from "../property-list/xml.ts";
import { findUnknownName } from "../unknown-name.ts";

/**
 * A configuration as in Jamf Pro's `/JSSResource/jsonwebtokenconfigurations`. Every member is
 * optional: an update changes the members it contains and nothing else.
 */
export interface ApiConfiguration {
  readonly id?: number;
  readonly name?: string;
  readonly disabled?: boolean;
  /** In requests only, never in responses. */
  readonly encryption_key?: string;
  /** In minutes. */
  readonly token_expiry?: number;
}

/** The formats of Jamf Pro's API. */
export type ApiFormat = "json" | "xml";

const one = "json_web_token_configuration";
const many = "json_web_token_configurations";

const memberTypes = {
  id: "number",
  name: "string",
  disabled: "boolean",
  encryption_key: "string",
  token_expiry: "number",
} as const;

/** Reads a configuration from JSON or XML, in any encoding that XML can declare; refuses unknown members. */
export function readApiConfiguration(representation: string | Uint8Array): ApiConfiguration {
  const text = typeof representation === "string" ? representation : decode(representation);
  const members = /^[\s\uFEFF]*\{/.test(text) ? readJson(text) : readXml(text);
  const unknown = findUnknownName(members, Object.keys(memberTypes));
  if (unknown) throw malformed(`${unknown.name} is ${unknown.problem}`);
  for (const [name, value] of Object.entries(members)) {
    const type = memberTypes[name as keyof typeof memberTypes];
    if (typeof value !== type) throw malformed(`its ${name} must be a ${type}`);
  }
  return members;
}

/** Writes a configuration without its key, which the type excludes. */
export function writeApiConfiguration(
  configuration: Omit<ApiConfiguration, "encryption_key">,
  format: ApiFormat,
): string {
  if (format === "json") return JSON.stringify({ [one]: configuration });
  return xmlDeclaration + writeElement(one, writeMembers(configuration));
}

/** Writes the list of all configurations: full records without their keys, as in Jamf Pro's list. */
export function writeApiList(
  configurations: readonly Omit<ApiConfiguration, "encryption_key">[],
  format: ApiFormat,
): string {
  if (format === "json") return JSON.stringify({ [many]: configurations });
  const elements = configurations.map((configuration) => writeElement(one, writeMembers(configuration)));
  return xmlDeclaration + writeElement(many, writeMembers({ size: configurations.length }) + elements.join(""));
}

/** JSON declares no encoding, so it is read as UTF-8, which is also XML's default. */
function decode(bytes: Uint8Array): string {
  try {
    return decodeXml(bytes);
  } catch (error) {
    throw malformed((error as Error).message);
  }
}

function readJson(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw malformed("it is not JSON");
  }
  const { [one]: inner = parsed } = parsed as Record<string, unknown>;
  if (typeof inner === "object" && inner !== null && !Array.isArray(inner)) {
    return inner as Record<string, unknown>;
  }
  throw malformed(`its ${one} must be an object`);
}

function readXml(text: string): Record<string, unknown> {
  let root: XmlElement;
  try {
    root = parseXml(text);
  } catch {
    throw malformed("it is neither JSON nor well-formed XML");
  }
  if (root.name !== one) throw malformed(`its outermost element must be ${one}`);
  const members = new Map<string, unknown>();
  for (const { name, text } of root.children) {
    if (members.has(name)) throw malformed(`its ${name} is duplicated`);
    members.set(name, xmlValue(name, text));
  }
  return Object.fromEntries(members);
}

/** XML has only text: the type comes from the table of members. */
function xmlValue(name: string, text: string): unknown {
  const type = Object.hasOwn(memberTypes, name) && memberTypes[name as keyof typeof memberTypes];
  const trimmed = text.trim();
  if (type === "number") return /^-?\d{1,9}$/.test(trimmed) ? Number(trimmed) : text;
  if (type === "boolean" && (trimmed === "true" || trimmed === "false")) return trimmed === "true";
  return text;
}

const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>';

function writeMembers(members: object): string {
  const entries = Object.entries(members);
  return entries.map(([name, value]) => writeElement(name, escapeXml(String(value)))).join("");
}

function writeElement(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}

function malformed(problem: string): Error {
  return issuerError("representation_malformed", `This is not a ${one} of Jamf Pro's API: ${problem}.`);
}
