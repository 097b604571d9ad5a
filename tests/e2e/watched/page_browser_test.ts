import axe from "axe-core";
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Chromium } from "../../support/browser/chromium.ts";
import type { Tab } from "../../support/browser/tab.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { entered, report } from "../../support/page/entered_tab.ts";
import { startPageCluster } from "../../support/page/page_cluster.ts";

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

/** What an operator may write into a note, and a browser may not carry out. */
const MARKUP = `<img src=x onerror=alert(1)><script>alert(2)</script>`;

const LOOKS = [[1_200, "light"], [320, "dark"], [1_200, "dark"]] as const;

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
    const { operated } = page;
    const allow = ["allow", "add", "198.51.100.7", "--note"];
    strictEqual((await operated.say(...allow, "\x1b[2J")).code, 2);
    strictEqual((await operated.say(...allow, MARKUP)).code, 0);
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
    for (const view of ["allowlist", "audit"]) {
      await tab.value(`location.hash = "#${view}"`);
      await tab.untilShown(MARKUP);
      const made = "document.querySelectorAll('main img, main script').length";
      strictEqual(await tab.value(made), 0, view);
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
