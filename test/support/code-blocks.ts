import { readFileSync } from "node:fs";

/** A fenced code block of a document. */
export interface CodeBlock {
  /** The document and the heading above the block. */
  readonly name: string;
  /** The language that the fence names; empty if it names none. */
  readonly language: string;
  /** Without the indentation that a list gives it. */
  readonly code: string;
}

/** The code blocks of a document of the repository, in order. */
export function codeBlocksOf(document: string): CodeBlock[] {
  const text = readFileSync(new URL(`../../${document}`, import.meta.url), "utf8");
  return [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^ *```$/gm)].map(
    ([, indent = "", language = "", code = ""], i) => {
      const headings = textBeforeBlock(text, i).match(/^#+ .*$/gm) ?? [];
      return {
        name: `${document}, ${headings.at(-1) ?? "top"}`,
        language,
        code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
      };
    },
  );
}

/** The text before the nth block, without earlier blocks, whose shell comments would look like headings. */
function textBeforeBlock(text: string, index: number): string {
  return text
    .split(/^ *```\w*\n[\s\S]*?^ *```$/gm)
    .slice(0, index + 1)
    .join("\n");
}
