/** Builds the documentation site into site/dist: `npm run site`. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { Application } from "typedoc";
import { build } from "vitepress";
import { buildInspector } from "../inspector/build.ts";
import { assetOf, rewritePage, root, sitePages, sourcePage } from "./pages.ts";
import { libraries } from "./sidebar.ts";

const site: string = join(root, "site");
const staged: string = join(site, ".pages");

/** The Markdown that VitePress reads is made again by each build: the repository's pages are the only source. */
async function stagePages(): Promise<void> {
  rmSync(staged, { recursive: true, force: true });
  const linked = new Set<string>();
  for (const page of sitePages) {
    const { text, linked: files, images } = rewritePage(page);
    write(page.target, text);
    for (const file of files) linked.add(file);
    for (const image of images) cpSync(join(root, image), join(staged, assetOf(image)));
  }
  for (const file of linked) write(sourcePage(file), pageOfFile(file));
  write("public/inspector.html", await buildInspector());
  cpSync(join(root, "docs/terminal.svg"), join(staged, "public/terminal.svg"));
  cpSync(join(site, "public"), join(staged, "public"), { recursive: true });
}

/** A page with a file's text; found by links, and not by the search. */
function pageOfFile(file: string): string {
  const text = readFileSync(join(root, file), "utf8").trimEnd();
  // Only what readers copy is highlighted; tests are read rarely, and take long to highlight.
  const language = (file.startsWith("examples/") && languages[extname(file)]) || "text";
  const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  return `---\nsearch: false\noutline: false\nprev: false\nnext: false\n---\n\n# ${file}\n\n${fence}${language}\n${text}\n${fence}\n`;
}

const languages: Readonly<Record<string, string>> = {
  ".cjs": "js",
  ".conf": "nginx",
  ".js": "js",
  ".json": "json",
  ".jsonc": "json",
  ".lua": "lua",
  ".mjs": "js",
  ".sh": "sh",
  ".service": "ini",
  ".ts": "ts",
  ".tsx": "tsx",
  ".yaml": "yaml",
  ".yml": "yaml",
};

/** One page for each library, from its docstrings. */
async function stageReference(): Promise<void> {
  const application = await Application.bootstrapWithPlugins({
    entryPoints: libraries.map((name) => join(root, "packages", name, "src/index.ts")),
    tsconfig: join(root, "tsconfig.json"),
    plugin: ["typedoc-plugin-markdown"],
    skipErrorChecking: true,
    excludeInternal: true,
    excludeExternals: true,
    disableSources: true,
    readme: "none",
    name: "API",
    logLevel: "Error",
    outputs: [{ name: "markdown", path: join(staged, "api") }],
    ...({
      router: "module",
      useHTMLAnchors: true,
      hideBreadcrumbs: true,
      hidePageHeader: true,
      entryFileName: "index",
    } as object),
  });
  const project = await application.convert();
  if (project === undefined) throw new Error("TypeDoc could not read the packages");
  // A module is named after the folder that distinguishes it from the others.
  for (const module of project.children ?? []) {
    module.name = libraries.find((name) => module.name === name || module.name.startsWith(`${name}/`)) ?? module.name;
  }
  await application.generateOutputs(project);
}

function write(target: string, text: string): void {
  const path = join(staged, target);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

await stagePages();
await stageReference();
await build(site);
const count = readdirSync(join(site, "dist"), { recursive: true }).filter((name) =>
  String(name).endsWith(".html"),
).length;
console.log(
  `Wrote ${count} pages to site/dist: any web server can serve them, from its root or from PORTCULLIS_SITE_BASE.`,
);
