import type { Colours } from "../../terminal/terminal.ts";

/** What the demo has to show. */
export interface DemoPage {
  readonly colours: Colours;
  readonly address: string;
  readonly working: string;
  readonly validUntil: Date;
  readonly withoutToken: string;
  readonly expired: string;
  readonly expiredAt: Date;
  /** Paths of the files besides that of the links. */
  readonly otherPaths: readonly string[];
}

/**
 * The text that the demo starts with, for a terminal of 80 columns. A token takes six lines there,
 * so each link stands once, within the line that tries it.
 */
export function demoPage(page: DemoPage): string {
  const { bold, green, red, dim, cyan } = page.colours;
  const curl = (options: string, url: string) => {
    const [path = "", token] = url.split("?");
    return `${bold("curl")} ${options}'${path}${token === undefined ? "" : dim(`?${token}`)}'`;
  };
  return [
    "",
    `  ${bold("Portcullis demo")} on ${cyan(page.address)}`,
    "  Try each link in another terminal; Ctrl-C ends the demo.",
    "",
    `  ${green("✔ works until")} ${clock(page.validUntil)}: answers 200 and the file`,
    curl("-O ", page.working),
    "",
    `  ${red("✘ the same link without its token")}: answers 401 token_missing`,
    curl("", page.withoutToken),
    "",
    `  ${red("✘ one that has expired")} at ${clock(page.expiredAt)}: answers 401 token_expired`,
    curl("", page.expired),
    "",
    `  ${dim("The token opens these too:")} ${page.otherPaths.join("  ")}`,
    `  ${dim("More to try: curl -I (headers only), curl -r 0-99 -o part (100 bytes)")}`,
    "",
  ].join("\n");
}

function clock(date: Date): string {
  return date.toTimeString().slice(0, 8);
}
