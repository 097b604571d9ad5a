/**
 * The page in a real browser, and data for it to show.
 *
 * @module
 */

import type { Chromium } from "../browser/chromium.ts";
import type { Tab } from "../browser/tab.ts";
import { appendLog, banLine } from "../fail2ban/fail2ban_lines.ts";
import { codeOf, type PageCluster } from "./page_cluster.ts";

/** Opens the page in a tab, and logs in with the keyboard only. */
export async function entered(
  browser: Chromium,
  { operated, url }: PageCluster,
  ...options: readonly string[]
): Promise<Tab> {
  const tab = await browser.open(url);
  await tab.untilShown("prints a code");
  await tab.type(await codeOf(operated, ...options));
  await tab.press("Enter");
  await tab.untilShown("Log out");
  await tab.untilShown("live");
  return tab;
}

/** Lets `web1` ban addresses. */
export async function report(
  { operated }: PageCluster,
  ...addresses: readonly string[]
): Promise<void> {
  const lines = addresses.map((each) => banLine("sshd", each)).join("");
  await appendLog(operated.cluster.logPath("web1"), lines);
}
