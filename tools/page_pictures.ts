/**
 * Takes pictures of the real page: a hub, hosts with sample bans, and Chromium.
 *
 * ```
 * deno task page-pictures [DIR]
 * ```
 *
 * Without `DIR` it writes those of docs/pictures: the bans, in both themes.
 * With it, it writes each view in both themes and three widths, for inspection:
 * of an empty cluster, of one with long names, and of one with 200,000 bans.
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

const WIDTHS = [1_280, 768, 320] as const;
const DOCS_WIDTH = 1_200;
const MANY = 200_000;
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
/** Whether the visible bans are in force on all hosts. */
const ENFORCED =
  `[...document.querySelectorAll("tbody tr")].slice(0, 14).every((row) => row.textContent.includes("3/3"))`;
const DOCS = new URL("../docs/pictures", import.meta.url).pathname;

/** Creates the events on the hosts, and imports a list of networks. */
async function fill({ operated }: PageCluster, listed: number): Promise<void> {
  const list = Array.from(
    { length: listed },
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

/** Creates names of the maximum length, without any line break. */
async function stretch({ operated }: PageCluster): Promise<void> {
  const note = "w".repeat(150);
  await operated.say("allow", "add", "2001:db8:ffff::/48", "--note", note);
  await operated.say(
    ...["ban", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"],
    ...["--reason", note],
  );
  const jail = "j".repeat(64);
  const long = "2001:db8:1111:2222:3333:4444:5555:6666";
  const log = operated.cluster.logPath(LONG_NAME);
  await appendLog(log, banLine(jail, long) + banLine(jail, "127.0.0.1"));
  await operated.until("bans", ({ out }) => out.includes(jail));
}

/** Takes pictures of a hub without nodes: empty, and with very many bans. */
async function drawHub(browser: Chromium, dir: string): Promise<void> {
  await using page = await startPageCluster([]);
  await using login = await browser.open(page.url);
  await login.untilShown("prints a code");
  await drawInAll(login, `${dir}/login`);
  await using tab = await entered(browser, page);
  await drawViews(tab, `${dir}/empty`, (view) => view.replace(/\/.*/, ""));
  const list = Array.from(
    { length: MANY },
    (_, at) => `45.${at >> 16}.${at >> 8 & 255}.${at & 255}`,
  );
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, list.join("\n"));
  const said = await operatedImport(page, path);
  await Deno.remove(path);
  if (said.code !== 0) throw new Error(said.err);
  await tab.untilShown("200,000");
  await drawViews(
    tab,
    `${dir}/many`,
    (view) => view.replace(/\/.*/, "/45.0.0.7"),
  );
}

function operatedImport({ operated }: PageCluster, path: string) {
  return operated.say("import", path, "--name", "many", "--for", "36h");
}

async function drawInAll(tab: Tab, path: string): Promise<void> {
  for (const theme of THEMES) {
    for (const width of WIDTHS) {
      await tab.look(width, theme);
      await Deno.writeFile(
        `${path}-${theme}-${width}.png`,
        await tab.picture(),
      );
    }
  }
}

/** @param place Gives the location hash of a view. */
async function drawViews(
  tab: Tab,
  path: string,
  place: (view: string) => string,
): Promise<void> {
  for (const view of Object.keys(VIEWS)) {
    await tab.value(`location.hash = ${JSON.stringify(`#${place(view)}`)}`);
    await tab.until("document.querySelector('main h1')");
    // The view loads its content, and nothing signals when it is complete.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await drawInAll(tab, `${path}-${view.replace(/\/.*/, "")}`);
  }
}

async function main([dir]: readonly string[]): Promise<void> {
  if (dir !== undefined) await Deno.mkdir(dir, { recursive: true });
  await using page = await startPageCluster(HOSTS);
  await using browser = await Chromium.start();
  await using tab = await entered(browser, page);
  await fill(page, dir === undefined ? 60 : 1_000);
  await tab.untilShown(LONG_NAME);
  if (dir === undefined) {
    for (const theme of THEMES) {
      await tab.look(DOCS_WIDTH, theme);
      await show(tab, "bans");
      await tab.until(ENFORCED);
      await Deno.writeFile(`${DOCS}/page-${theme}.png`, await tab.picture());
    }
    return;
  }
  await stretch(page);
  await drawViews(tab, `${dir}/filled`, (view) => view);
  await tab.value("location.hash = '#bans'");
  await tab.click("button", "Ban an address");
  await drawInAll(tab, `${dir}/dialog`);
  await tab.press("Escape");
  await drawHub(browser, dir);
}

if (import.meta.main) await main(Deno.args);
