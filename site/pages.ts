import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root: string = fileURLToPath(new URL("..", import.meta.url));

/** A page of the site: a Markdown file of the repository, and where it is on the site. */
export interface SitePage {
  /** Path in the repository, such as `docs/options.md`. */
  readonly source: string;
  /** Path on the site, such as `options.md`. */
  readonly target: string;
  readonly title: string;
}

/** Where pages are on the site; the first pattern that matches wins. A README is the first page of its folder. */
const places: readonly (readonly [source: RegExp, target: string])[] = [
  [/^site\/home\.md$/, "index.md"],
  [/^README\.md$/, "introduction.md"],
  [/^(SECURITY|CONTRIBUTING|CHANGELOG|RELEASING|CODE_OF_CONDUCT)\.md$/, "project/$1.md"],
  [/^docs\/README\.md$/, "contents.md"],
  [/^docs\/(.+\/)README\.md$/, "$1index.md"],
  [/^docs\/(.+\.md)$/, "$1"],
  [/^packages\/cli\/README\.md$/, "commands/index.md"],
  [/^packages\/cli\/docs\/reference\/(.+\.md)$/, "commands/$1"],
  [/^packages\/([\w-]+)\/README\.md$/, "packages/$1.md"],
  [/^examples\/([\w-]+)\/README\.md$/, "examples/$1.md"],
  [/^bench\/README\.md$/, "project/benchmarks.md"],
];

/** Every tracked or new file, without what Git ignores. */
const files: ReadonlySet<string> = new Set(
  execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" }).trim().split("\n"),
);

/** Every page. */
export const sitePages: readonly SitePage[] = [...files].flatMap((source) => {
  const target = targetOf(source);
  if (target === undefined || !existsSync(join(root, source))) return [];
  const [, title = source] = /^# (.+)$/m.exec(readFileSync(join(root, source), "utf8")) ?? [];
  return [{ source, target, title: title.replaceAll("`", "") }];
});

function targetOf(source: string): string | undefined {
  const [pattern, target] = places.find(([each]) => each.test(source)) ?? [];
  return pattern && target ? source.replace(pattern, target).toLowerCase() : undefined;
}

/** A link in Markdown, or an image. */
const link = /(!?)\[((?:[^\]\\[]|\\.|\[[^\]]*\])*)\]\(([^)\s]+)\)/g;

/** A page's Markdown with its links rewritten for the site, the files that it links to, and its images. */
export function rewritePage({ source, target }: SitePage): {
  readonly text: string;
  readonly linked: readonly string[];
  readonly images: readonly string[];
} {
  const linked = new Set<string>();
  const images = new Set<string>();
  const rewrite = (whole: string, bang: string, text: string, address: string): string => {
    if (/^[a-z]+:|^#/i.test(address)) return whole;
    const [path = "", anchor] = address.split("#");
    const file = resolveFile(join(dirname(source), path));
    const suffix = anchor === undefined ? "" : `#${anchor}`;
    // The inspector is not a VitePress page; with this target, the browser loads it instead of VitePress.
    if (file === "inspector/page.html") return `[${text}](${relativePath(target, "inspector.html")}){target="_self"}`;
    const page = targetOf(file);
    if (page !== undefined) return `${bang}[${text}](${relativePath(target, page)}${suffix})`;
    // A folder is not on the site.
    if (!files.has(file)) return text;
    (bang === "" ? linked : images).add(file);
    return `${bang}[${text}](${relativePath(target, bang === "" ? sourcePage(file) : assetOf(file))}${suffix})`;
  };
  // What is in a code block is not a link.
  const text = readFileSync(join(root, source), "utf8")
    .split(/^( *```[\s\S]*?^ *```)$/m)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(link, rewrite)))
    .join("");
  return { text, linked: [...linked], images: [...images] };
}

/** The README of a folder, or the file itself. */
function resolveFile(path: string): string {
  const readme = join(path, "README.md");
  return files.has(readme) && statSync(join(root, path)).isDirectory() ? readme : path.replace(/\/$/, "");
}

/** The page that shows a file which is not Markdown, such as an example's configuration. VitePress skips names with a dot. */
export function sourcePage(file: string): string {
  return `source/${file.replace(/^\./, "")}.md`;
}

/** Where an image is on the site. */
export function assetOf(file: string): string {
  return `assets/${file}`;
}

function relativePath(from: string, to: string): string {
  const path = relative(dirname(from), to);
  return path.startsWith(".") ? path : `./${path}`;
}
