import { targets } from "./targets.mjs";

/**
 * docs/mutation-testing.md with new sections for some targets, and with the list of changes that no test can notice.
 *
 * @param text - the page as it is
 * @param reports - `name` and `section` of each target that was measured
 * @param explained - the content of survivors.json
 */
export function mutationPage(text, reports, explained) {
  const listed = explained.map(
    ({ file, code, replacement, reason }) =>
      `| ${inLink(file)} | ${inCode(code)} | ${inCode(replacement)} | ${reason} |`,
  );
  const head = ["| file | text | changed to | why no test can notice it |", "|---|---|---|---|"];
  const measured = replaceBetween(text, "results", (before) => {
    const sections = new Map(
      before.split(/^(?=### )/m).map((section) => [/### (.*)/.exec(section)?.[1], `${section.trim()}\n`]),
    );
    for (const { name, section } of reports) sections.set(name, section);
    return Object.keys(targets)
      .flatMap((name) => sections.get(name) ?? [])
      .join("\n");
  });
  return replaceBetween(measured, "survivors", () => `${[...head, ...listed].join("\n")}\n`);
}

/** The text with other content between the two comments that name a place. */
function replaceBetween(text, place, contentFor) {
  const [begin, end] = [`<!-- ${place}: begin -->\n`, `<!-- ${place}: end -->`];
  const [before, rest = ""] = text.split(begin);
  const [content, after] = rest.split(end);
  if (after === undefined) throw new Error(`docs/mutation-testing.md needs ${begin.trim()} and ${end}`);
  return `${before}${begin}${contentFor(content)}${end}${after}`;
}

/** A file or a folder of the sources. */
export function inLink(file) {
  return `[${file.replace(/^packages\/([^/]*)\/src/, "$1")}](../${file})`;
}

/** The text as code in a Markdown table. */
function inCode(text) {
  const fence = text.includes("`") ? "``" : "`";
  const escaped = text.replaceAll("|", "\\|");
  return text === "" ? "nothing" : `${fence}${fence.length > 1 ? ` ${escaped} ` : escaped}${fence}`;
}
