import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pemOf } from "../support/private-key.ts";
import { runPortcullisInTerminal } from "../support/real-terminal.ts";
import { signingKey } from "../support/signing-key.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { runTool } from "../support/tool.ts";

const folder = temporaryFolder();
const privatePem = join(folder, "key.pem");
writeFileSync(privatePem, pemOf(signingKey().privateKey), { mode: 0o600 });
const key = ["--private-key", privatePem];

for (const [name, columns, args] of [
  ["a download link in 80 columns", 80, ["sign", "https://example.com/apps/a.ipa", "--qr", ...key]],
  ["an install link", 80, ["manifest", "--itms", "https://example.com/apps/a.plist", "--qr"]],
  ["an install link with a token", 100, ["manifest", "--itms", "https://example.com/a.plist", "--qr", ...key]],
] as const) {
  for (const [way, env] of [
    ["in colour", {}],
    ["without colour", { NO_COLOR: "1" }],
  ] as const) {
    test(`zbarimg reads ${name} drawn ${way} from a dark terminal`, async () => {
      const { code, screen } = await runPortcullisInTerminal(args, { columns, env });
      assert.equal(code, 0, screen);
      const lines = screen.trimEnd().split("\n");
      const link = lines.pop() as string;
      assert.match(link, /^(https|itms-services):\/\//);
      const picture = join(folder, "screen.pgm");
      writeFileSync(picture, photograph(lines, columns));
      const { stdout, stderr } = await runTool("zbarimg", ["--quiet", "--raw", picture]);
      assert.equal(stdout.trimEnd(), link, stderr);
    });
  }
}

const scale = 4;
const [black, white] = [0, 255];

/** A grey image (PGM) of a terminal with white text on black; a character is one module wide and two high. */
function photograph(lines: readonly string[], columns: number): Buffer {
  const rows = lines.flatMap((line) => scanLines(line, columns));
  const pixels = rows.flatMap((row) => new Array<readonly number[]>(scale).fill(row)).flat();
  return Buffer.concat([Buffer.from(`P5\n${columns * scale} ${rows.length * scale}\n${white}\n`), Buffer.from(pixels)]);
}

/** The upper and the lower half of a line. */
function scanLines(line: string, columns: number): readonly [number[], number[]] {
  let [ink, paper] = [white, black];
  const upper: number[] = [];
  const lower: number[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are set by escape codes
  for (const [character, codes] of line.matchAll(/\u001b\[([\d;]*)m|./g)) {
    if (codes !== undefined) {
      assert.ok(codes === "30;107" || codes === "0", `black on white, or back: ${codes}`);
      [ink, paper] = codes === "0" ? [white, black] : [black, white];
      continue;
    }
    assert.ok(" ▀▄█".includes(character), `a block: ${JSON.stringify(character)}`);
    upper.push(...new Array<number>(scale).fill("▀█".includes(character) ? ink : paper));
    lower.push(...new Array<number>(scale).fill("▄█".includes(character) ? ink : paper));
  }
  const rest = new Array<number>(columns * scale - upper.length).fill(black);
  return [
    [...upper, ...rest],
    [...lower, ...rest],
  ];
}
