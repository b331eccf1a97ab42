import { readFileSync } from "node:fs";

/** A fenced code block of a document. */
export interface CodeBlock {
  /** The document and the heading above the block. */
  readonly name: string;
  /** As the fence says; empty if it says nothing. */
  readonly language: string;
  readonly code: string;
}

/** The code blocks of a document of the repository, in order. */
export function codeBlocksOf(document: string): CodeBlock[] {
  const text = readFileSync(new URL(`../../${document}`, import.meta.url), "utf8");
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ 1: language = "", 2: code = "", index }) => {
    const headings = text.slice(0, index).match(/^#+ .*$/gm) ?? [];
    return { name: `${document}, ${headings.at(-1) ?? "top"}`, language, code };
  });
}
