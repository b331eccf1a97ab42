/**
 * Breaks a sentence into lines for a terminal; every line after the first starts with `indent`. Colours take no room.
 *
 * @param used - columns of the first line that are already taken
 */
export function wrapText(text: string, width: number, indent: string = "", used: number = 0): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const left = lines.length === 0 ? width - used : width;
    if (columnsOf(line.trim()) > 0 && columnsOf(line) + 1 + columnsOf(word) > left) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join("\n");
}

/** Where a command to be pasted begins: it must stay on one line. */
const command =
  /(?<=^|: )\(?(?:umask \d+; )?(?:portcullis|openssl|ssh-keygen|puttygen|keytool|chmod|lsof|npm|curl|iconv) /;

/** The same for a message that may have several lines, and commands at their ends. */
export function wrapMessage(text: string, width: number, indent: string = ""): string {
  const wrapped = text.split("\n").map((line) => {
    const at = line.search(command);
    if (at === -1) return wrapText(line, width, indent);
    const [prose, pasted] = [line.slice(0, at), line.slice(at)];
    if (columnsOf(line) <= width) return line;
    return at === 0 ? line : `${wrapText(prose.trimEnd(), width, indent)}\n${indent}${pasted}`;
  });
  return wrapped.join(`\n${indent}`);
}

/** Select Graphic Rendition (ECMA-48 section 8.3.117): colours and bold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is the character to find
const colour = /\u001b\[[\d;]*m/g;

function columnsOf(text: string): number {
  return text.replace(colour, "").length;
}
