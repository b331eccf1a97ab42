import { type SitePage, sitePages } from "./pages.ts";

/** A link or a group of the sidebar. */
export interface SidebarItem {
  readonly text: string;
  readonly link?: string;
  readonly items?: readonly SidebarItem[];
}

/** The libraries that have a page in the API reference. */
export const libraries: readonly string[] = [
  "core",
  "node-http",
  "koa",
  "fastify",
  "web-fetch",
  "origin",
  "issuer",
  "depot",
];

const back: SidebarItem = { text: "← All topics", link: "/contents" };

/**
 * The sidebars, by the folder of the pages that show them. The main one is ordered by what a reader wants to do; each
 * long list has a sidebar of its own. Throws if one names a page that does not exist; a test checks that every page is
 * in one.
 */
export function sidebars(): Record<string, SidebarItem[]> {
  const named: Record<string, SidebarItem[]> = {
    "/commands/": [back, group("The command", under("commands/"))],
    "/packages/": [back, group("Packages", under("packages/"))],
    "/examples/": [back, group("Examples", under("examples/"))],
    "/api/": [
      back,
      {
        text: "API",
        items: [{ text: "All libraries", link: "/api/" }, ...libraries.map((text) => ({ text, link: `/api/${text}` }))],
      },
    ],
    "/": [
      group("Start", ["introduction.md", "choosing.md", "installing.md", "contents.md"]),
      group("Serve files", [
        "serving-a-folder.md",
        "serving-a-bucket.md",
        "recipes/systemd.md",
        "recipes/container.md",
      ]),
      group("Protect your web server", [
        "behind-a-web-server.md",
        "recipes/nginx.md",
        "recipes/nginx-auth-request.md",
        "recipes/caddy.md",
        "recipes/apache.md",
        "recipes/haproxy.md",
        "recipes/traefik.md",
        "recipes/envoy.md",
        "recipes/cloudfront.md",
      ]),
      group("Use it in code", ["adapters/node-http.md", ...under("adapters/"), "runtimes.md"]),
      group("Operate", ["troubleshooting.md", "refusals.md", "options.md", "key-rotation.md", "logs-and-metrics.md"]),
      group("Without Jamf Pro", under("depot/")),
      {
        text: "Reference",
        items: [
          { text: "The command", link: "/commands/" },
          { text: "Packages", link: "/packages/core" },
          { text: "API", link: "/api/" },
          { text: "Examples", link: "/examples/express" },
        ],
      },
      group("Understand", [
        "tokens-in-queries.md",
        "comparison.md",
        "performance.md",
        "measurements.md",
        "security-standards.md",
        "attack-vectors.md",
        "attack-log.md",
        "second-attack-log.md",
        "mutation-testing.md",
        "soak-tests.md",
        "project/security.md",
      ]),
      group("Contribute", [
        "project/contributing.md",
        "project/code_of_conduct.md",
        "project/releasing.md",
        "project/changelog.md",
        "project/benchmarks.md",
      ]),
    ],
  };
  const listed = new Set(Object.values(named).flat().flatMap(linksOf));
  const others = sitePages.filter((page) => page.target !== "index.md" && !listed.has(linkTo(page)));
  // A new page can be found even before someone decides where it belongs.
  if (others.length > 0)
    named["/"]?.push(
      group(
        "More",
        others.map(({ target }) => target),
      ),
    );
  return named;
}

/** The links of an item and of all below it. */
export function linksOf({ link, items = [] }: SidebarItem): string[] {
  return [...(link === undefined ? [] : [link]), ...items.flatMap(linksOf)];
}

function group(text: string, targets: readonly string[]): SidebarItem {
  const items = [...new Set(targets)].map((target) => {
    const page = sitePages.find((each) => each.target === target);
    if (page === undefined) throw new Error(`the sidebar names ${target}, which is not a page`);
    return { text: page.title, link: linkTo(page) };
  });
  return { text, items };
}

/** The link to a page, without `.md` and `index`. */
export function linkTo({ target }: SitePage): string {
  return `/${target.replace(/(?:^index|(?<=\/)index)?\.md$/, "")}`;
}

function under(folder: string): string[] {
  return sitePages
    .map(({ target }) => target)
    .filter((target) => target.startsWith(folder))
    .toSorted(
      (one, other) =>
        Number(other.endsWith("/index.md")) - Number(one.endsWith("/index.md")) || one.localeCompare(other),
    );
}
