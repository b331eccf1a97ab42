import { execFileSync } from "node:child_process";

/** Runs a Python 3 program that reads and prints JSON. Throws if there is no Python; the message names the Debian package. */
export function python(program: string, input: unknown = null): unknown {
  const script = `import json, sys\ninput = json.load(sys.stdin)\n${program}`;
  try {
    const output = execFileSync("python3", ["-c", script], {
      input: JSON.stringify(input),
      encoding: "utf8",
      stdio: ["pipe", "pipe", "inherit"],
      maxBuffer: 64 * 1024 * 1024,
    });
    return output === "" ? undefined : JSON.parse(output);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error("there is no python3 command here: apt-get install python3");
  }
}

/** What Python's plistlib reads in property lists. */
export function readByPlistlib(texts: readonly string[]): unknown[] {
  return python(
    `import plistlib
json.dump([plistlib.loads(text.encode()) for text in input], sys.stdout, default=lambda data: {"data": list(data)})`,
    texts,
  ) as unknown[];
}
