import axe from "axe-core";
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { Chromium } from "../../support/browser/chromium.ts";
import type { Tab } from "../../support/browser/tab.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { testWith } from "../../support/host/real_parts.ts";
import {
  codeOf,
  type PageCluster,
  startPageCluster,
} from "../../support/page/page_cluster.ts";

const VIEWS = {
  bans: "Reported by",
  "address/203.0.113.7": "203.0.113.7 is banned",
  nodes: "Version",
  refused: "As it happens",
  allowlist: "Allow an address",
  lists: "Imported lists",
  audit: "Detail",
  live: "Pause",
} as const;

const LOOKS = [[1_200, "light"], [320, "dark"], [1_200, "dark"]] as const;

/** Opens the page in a tab of its own, and logs in by keyboard alone. */
async function entered(
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

async function report(
  { operated }: PageCluster,
  ...addresses: readonly string[]
): Promise<void> {
  const lines = addresses.map((each) => banLine("sshd", each)).join("");
  await appendLog(operated.cluster.logPath("web1"), lines);
}

/** What axe-core finds wrong, with the place. */
async function violations(tab: Tab): Promise<readonly unknown[]> {
  if (!await tab.value("'axe' in globalThis")) {
    await tab.value(`${axe.source}; 0`);
  }
  const found = await tab.value(`axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]))`);
  return found as readonly unknown[];
}

testWith(
  "chromium",
  "every view in Chromium: nothing in the console, and axe-core finds nothing, in both themes and at 320 px",
  async () => {
    await using page = await startPageCluster(["web1"]);
    await using browser = await Chromium.start();
    await using tab = await entered(browser, page);
    await report(page, "203.0.113.7", "2001:db8::7", "127.0.0.1");
    await tab.untilShown("203.0.113.7");
    await page.operated.say("allow", "add", "198.51.100.7", "--note", "office");
    for (const [width, scheme] of LOOKS) {
      await tab.look(width, scheme);
      for (const [view, text] of Object.entries(VIEWS)) {
        await tab.value(`location.hash = ${JSON.stringify(`#${view}`)}`);
        await tab.until(
          `document.querySelector("main")?.textContent.includes(${
            JSON.stringify(text)
          })`,
        );
        const where = `${view} ${width} ${scheme}`;
        deepStrictEqual(await violations(tab), [], where);
        const overflow = "document.documentElement.scrollWidth - innerWidth";
        ok(Number(await tab.value(overflow)) <= 0, `${where} is too wide`);
      }
    }
    await tab.value("location.hash = '#bans'");
    await tab.click("button", "Ban an address");
    await tab.until("document.querySelector('dialog[open]')");
    deepStrictEqual(await violations(tab), [], "dialog");
    await tab.press("Escape");
    await tab.until("!document.querySelector('dialog')");
    await tab.click("button", "Log out");
    await tab.untilShown("prints a code");
    deepStrictEqual(await violations(tab), [], "login");
    deepStrictEqual(tab.console, []);
  },
);

testWith(
  "chromium",
  "two windows see a ban come, and what one lifts goes in the other; the focus stays where it was",
  async () => {
    await using page = await startPageCluster(["web1"]);
    await using browser = await Chromium.start();
    await using first = await entered(browser, page);
    await using second = await browser.open(page.url);
    await report(page, "203.0.113.7", "203.0.113.8");
    for (const tab of [first, second]) {
      await tab.untilShown("203.0.113.7");
      await tab.untilShown("203.0.113.8");
    }
    await second.value(
      `document.querySelector("[aria-label='Lift 203.0.113.8']").focus()`,
    );
    await report(page, "203.0.113.9");
    await second.untilShown("203.0.113.9");
    strictEqual(
      await second.value("document.activeElement.getAttribute('aria-label')"),
      "Lift 203.0.113.8",
    );
    await first.click("[aria-label='Lift 203.0.113.7']");
    await first.untilShown("fail2ban-cluster unban 203.0.113.7");
    await first.click("dialog button", "Lift");
    await first.untilShown("lifted 203.0.113.7");
    await second.until(
      "!document.querySelector('tbody').textContent.includes('203.0.113.7')",
    );
    match(
      (await page.operated.say("audit")).out,
      /\(page\) +unban +203\.0\.113\.7/,
    );

    await first.value("document.querySelector('#search').focus()");
    await first.type("203.0.113.9/32");
    await first.until("document.querySelectorAll('tbody tr').length === 1");
    await first.value("document.querySelector('#search').select()");
    await first.type("jail:nowhere");
    await first.untilShown("No ban matches");
    await first.value("document.querySelector('#search').select()");
    await first.type("<script>alert(1)</script>");
    await first.untilShown("is not understood");
    deepStrictEqual([...first.console, ...second.console], []);
  },
);

testWith(
  "chromium",
  "a wrong code, a login that may only read, one that ends, and a publisher that is started again",
  async () => {
    await using page = await startPageCluster(["web1"]);
    await using browser = await Chromium.start();
    await using tab = await browser.open(page.url);
    await tab.untilShown("prints a code");
    await tab.type("0".repeat(32));
    await tab.press("Enter");
    await tab.untilShown("the code is wrong");
    // The browser itself tells of an answer that is none: that one is meant.
    strictEqual(tab.console.splice(0).length, 1);
    await tab.type(await codeOf(page.operated, "--read-only"));
    await tab.press("Enter");
    await tab.untilShown("(read only)");
    await report(page, "203.0.113.7");
    await tab.untilShown("203.0.113.7");
    strictEqual(
      await tab.value("document.querySelectorAll('main button').length"),
      0,
    );

    await page.operated.stop("publisher", "hub");
    await tab.untilShown("no connection");
    await page.operated.restart("publisher", "hub");
    await report(page, "203.0.113.8");
    await tab.untilShown("203.0.113.8");
    await tab.untilShown("live");
    const stopped = tab.console.splice(0);
    ok(
      stopped.every((line) =>
        line.includes("net::ERR") || line.includes("503")
      ),
      stopped.join(),
    );

    strictEqual((await page.operated.say("page", "logout")).code, 0);
    await report(page, "203.0.113.9");
    await tab.untilShown("The login is over");
    ok(
      !String(await tab.value("document.body.innerText")).includes("203.0.113"),
    );
  },
);
