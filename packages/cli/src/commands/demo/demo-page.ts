import type { Colours } from "../../terminal/terminal.ts";
import { wrapText } from "../../terminal/wrap-text.ts";

/** What the demo shows. */
export interface DemoPage {
  readonly colours: Colours;
  /** The width of the terminal, in columns. */
  readonly width: number;
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
 * The text that the demo starts with, for a terminal. A token takes six lines of 80 columns, so each link
 * appears once, in the command that tries it.
 */
export function demoPage(page: DemoPage): string {
  const { bold, green, red, dim, cyan } = page.colours;
  const curl = (options: string, url: string) => {
    const [path = "", token] = url.split("?");
    return `${bold("curl")} ${options}'${path}${token === undefined ? "" : dim(`?${token}`)}'`;
  };
  const wrap = (text: string): string => `  ${wrapText(text, page.width, "  ", 2)}`;
  return [
    "",
    `  ${bold("Portcullis demo")} on ${cyan(page.address)}`,
    wrap("Try each command in another terminal; Ctrl-C ends the demo."),
    "",
    wrap(`1. ${red("✘ without a token")}: refused with 401 token_missing`),
    curl("", page.withoutToken),
    "",
    wrap(`2. ${red("✘ expired")} at ${clock(page.expiredAt)}: refused with 401 token_expired`),
    curl("", page.expired),
    "",
    wrap(`3. ${green("✔ valid until")} ${clock(page.validUntil)}: 200 and the file`),
    curl("-O ", page.working),
    "",
    wrap(`${dim("The valid token also opens:")} ${page.otherPaths.join("  ")}`),
    dim(wrap("More to try: curl -I (headers only), curl -r 0-99 -o part (100 bytes)")),
    "",
  ].join("\n");
}

function clock(date: Date): string {
  return date.toTimeString().slice(0, 8);
}
