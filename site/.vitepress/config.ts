import { defineConfig } from "vitepress";
import { sidebars } from "../sidebar.ts";

const base: string = process.env.PORTCULLIS_SITE_BASE ?? "/";

export default defineConfig({
  base,
  srcDir: ".pages",
  outDir: "dist",
  lang: "en",
  title: "Portcullis",
  description:
    "The gate in front of in-house Apple apps: checks Jamf Pro's JSON Web Token before a web server serves a file.",
  head: [["link", { rel: "icon", type: "image/svg+xml", href: `${base}logo.svg` }]],
  markdown: {
    anchor: { slugify },
    languageAlias: { caddyfile: "nginx", haproxy: "ini" },
    // These schemes have enough contrast, even in comments.
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  },
  themeConfig: {
    logo: "/logo.svg",
    search: {
      provider: "local",
      options: {
        miniSearch: {
          searchOptions: {
            fuzzy: 0.2,
            prefix: true,
            boost: { title: 4, text: 1, titles: 2 },
            // A page that explains a name comes before the lists that only contain it.
            boostDocument: (id: string) => (/\/api\//.test(id) ? 0.01 : /\/(?:commands|project)\//.test(id) ? 0.6 : 1),
          },
        },
      },
    },
    nav: [
      { text: "Set up", link: "/installing", activeMatch: "^/(installing|choosing|recipes|adapters)" },
      { text: "Troubleshooting", link: "/troubleshooting" },
      { text: "Inspector", link: "/inspector.html", target: "_self" },
      {
        text: "Reference",
        items: [
          { text: "Options", link: "/options" },
          { text: "Refusal codes", link: "/refusals" },
          { text: "The command", link: "/commands/" },
          { text: "Packages", link: "/packages/core" },
          { text: "API", link: "/api/" },
        ],
      },
    ],
    sidebar: sidebars(),
    outline: { level: [2, 3] },
    docFooter: { prev: false, next: false },
    externalLinkIcon: true,
  },
});

/** Anchors as GitHub makes them, since the pages link to each other there too. */
function slugify(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}
