import { setupPath } from "../depot/admin-browser.ts";
import type { RunningDepot } from "../depot/running-depot.ts";
import type { Chromium, ChromiumPage, PageOptions } from "../support/chromium.ts";

export const password = "correct horse battery";

/** The address of an administration page. */
export function adminUrl({ adminPort }: RunningDepot, path: string): string {
  return `http://127.0.0.1:${adminPort}${path}`;
}

/** Opens a page that has set the password with the setup link. */
export async function openFirstPage(
  chromium: Chromium,
  depot: RunningDepot,
  options?: PageOptions,
): Promise<ChromiumPage> {
  const page = await chromium.newPage(options);
  await page.goto(adminUrl(depot, setupPath(depot)));
  await page.fill("#password", password);
  await page.fill("#repeated", password);
  await page.follow("main button");
  return page;
}

/** Opens a page that has signed in. */
export async function openSignedIn(
  chromium: Chromium,
  depot: RunningDepot,
  options?: PageOptions,
): Promise<ChromiumPage> {
  const page = await chromium.newPage(options);
  await page.goto(adminUrl(depot, "/sign-in"));
  await page.fill("#password", password);
  await page.follow("main button");
  return page;
}
