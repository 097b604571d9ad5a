/**
 * Makes pictures of the page from the real thing: a hub, hosts with sample
 * bans, and Chromium.
 *
 * ```
 * deno task page-pictures [DIR]
 * ```
 *
 * Without `DIR` it writes those of docs/pictures: the bans, in both themes.
 * With it, each view in both themes and three widths, to be looked at.
 *
 * @module
 */

import { Chromium } from "../tests/support/browser/chromium.ts";
import type { Tab } from "../tests/support/browser/tab.ts";
import {
  appendLog,
  banLine,
} from "../tests/support/fail2ban/fail2ban_lines.ts";
import {
  codeOf,
  type PageCluster,
  startPageCluster,
} from "../tests/support/page/page_cluster.ts";

const WIDTHS = [1_200, 700, 320] as const;
const THEMES = ["light", "dark"] as const;
const VIEWS = {
  bans: "203.0.113.7",
  "address/203.0.113.7": "203.0.113.7 is banned",
  nodes: "web1",
  refused: "No node's report was refused",
  allowlist: "198.51.100.7",
  lists: "spamhaus-drop",
  audit: "allow add",
  live: "banned",
} as const;
const LONG_NAME = "mail-relay-2.dmz.example.net";
const HOSTS = ["web1", "web2", LONG_NAME];
const DOCS = new URL("../docs/pictures", import.meta.url).pathname;

/** What happened on the hosts, besides a list of 1,000 networks. */
async function fill({ operated }: PageCluster): Promise<void> {
  const list = Array.from(
    { length: 1_000 },
    (_, at) => `198.18.${at >> 8}.${at & 255}`,
  );
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, list.join("\n"));
  const say = async (...words: readonly string[]) => {
    const { code, err } = await operated.say(...words);
    if (code !== 0) throw new Error(`${words.join(" ")}: ${err}`);
  };
  await say("import", path, "--name", "spamhaus-drop", "--for", "36h");
  await Deno.remove(path);
  await say("allow", "add", "198.51.100.7", "--note", "the office's way out");
  await say(
    "ban",
    "198.51.100.64/26",
    "--for",
    "7d",
    "--reason",
    "ticket 4711",
  );
  for (const [at, host] of HOSTS.entries()) {
    const lines = [
      banLine("sshd", "203.0.113.7"),
      banLine("postfix-sasl", `203.0.113.${20 + at}`),
      banLine("nginx-http-auth", `2001:db8:${at + 1}:c0de:1234:5678:9abc:def0`),
      banLine("sshd", "127.0.0.1"),
    ];
    await appendLog(operated.cluster.logPath(host), lines.join(""));
  }
  await operated.until(
    "why 203.0.113.7",
    ({ out }) => HOSTS.every((host) => out.includes(host)),
  );
}

async function entered(
  browser: Chromium,
  { operated, url }: PageCluster,
): Promise<Tab> {
  const tab = await browser.open(url);
  await tab.untilShown("prints a code");
  await tab.type(await codeOf(operated));
  await tab.press("Enter");
  await tab.untilShown("live");
  return tab;
}

async function show(tab: Tab, view: keyof typeof VIEWS): Promise<void> {
  await tab.value(`location.hash = ${JSON.stringify(`#${view}`)}`);
  await tab.until(
    `document.querySelector("main").textContent.includes("${VIEWS[view]}")`,
  );
}

async function main([dir]: readonly string[]): Promise<void> {
  if (dir !== undefined) await Deno.mkdir(dir, { recursive: true });
  await using page = await startPageCluster(HOSTS);
  await using browser = await Chromium.start();
  await using tab = await entered(browser, page);
  await fill(page);
  await tab.untilShown(LONG_NAME);
  const save = async (path: string) =>
    await Deno.writeFile(path, await tab.picture());
  for (const theme of THEMES) {
    if (dir === undefined) {
      await tab.look(WIDTHS[0], theme);
      await show(tab, "bans");
      await save(`${DOCS}/page-${theme}.png`);
      continue;
    }
    for (const width of WIDTHS) {
      await tab.look(width, theme);
      for (const view of Object.keys(VIEWS)) {
        await show(tab, view as keyof typeof VIEWS);
        await save(`${dir}/${view.replace(/\/.*/, "")}-${theme}-${width}.png`);
      }
    }
  }
}

if (import.meta.main) await main(Deno.args);
