import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Every tracked or new file of the repository. */
export const repositoryFiles: readonly string[] = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], {
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "");

/** Every page that people read, without the generated reference. */
export const pages: readonly string[] = repositoryFiles.filter(
  (file) => file.endsWith(".md") && !file.startsWith("packages/cli/docs/reference/"),
);

/** The text of a page without its code blocks. */
export function proseOf(page: string): string {
  return readFileSync(page, "utf8").replace(/^ *```[\s\S]*?^ *```$/gm, "");
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
