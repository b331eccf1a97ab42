/** The text of a changeset: everything below its front matter, in one paragraph. */
export function summaryOf(changeset: string): string {
  const [, summary = ""] = /^---\n[\s\S]*?\n---\n([\s\S]*)$/.exec(changeset) ?? [];
  if (summary.trim() === "") throw new Error(`a changeset without a summary: ${changeset}`);
  return summary.trim().replace(/\s*\n\s*/g, " ");
}

/** Adds the section of a version to the changelog, as the first one. */
export function addSection(changelog: string, version: string, date: string, summaries: readonly string[]): string {
  const first = changelog.search(/^## /m);
  if (first === -1) throw new Error("CHANGELOG.md has no section");
  const section = `## ${version}, ${date}\n\n${summaries.map((summary) => `- ${summary}\n`).join("")}\n`;
  return changelog.slice(0, first) + section + changelog.slice(first);
}
