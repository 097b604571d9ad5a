import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Chromium } from "../../support/browser/chromium.ts";
import type { Tab } from "../../support/browser/tab.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { entered, report } from "../../support/page/entered_tab.ts";
import {
  codeOf,
  type PageCluster,
  startPageCluster,
} from "../../support/page/page_cluster.ts";

const KEPT = "203.0.113.7";
const LIFTED = "203.0.113.8";
const ELSEWHERE = "198.51.100.9";

/** The addresses that the table has, in its order. */
const SHOWN = `[...document.querySelectorAll("main tbody .address")]
  .map((it) => it.textContent)`;

async function untilShows(
  tab: Tab,
  ...addresses: readonly string[]
): Promise<void> {
  const wanted = JSON.stringify(addresses.toSorted());
  await tab.until(`JSON.stringify(${SHOWN}.sort()) === '${wanted}'`);
}

/** Types over what an input has. */
async function typeOver(tab: Tab, text: string): Promise<void> {
  await tab.value("document.activeElement.select()");
  await tab.type(text);
}

async function search(tab: Tab): Promise<void> {
  await tab.value("document.querySelector('#search').focus()");
  await typeOver(tab, "203.0.113.0/24 jail:sshd");
  await untilShows(tab, KEPT, LIFTED);
  strictEqual(
    await tab.value("location.hash"),
    `#bans/${encodeURIComponent("203.0.113.0/24 jail:sshd")}`,
  );
  await typeOver(tab, "jail:nginx");
  await tab.untilShown("No ban matches what is searched for.");
  await typeOver(tab, "203.0.113.300");
  await tab.untilShown('"203.0.113.300" is not understood');
  await tab.press("Enter");
  await tab.value("document.querySelector('#search').value = ''");
  await tab.press("Enter");
  await untilShows(tab, KEPT, LIFTED, ELSEWHERE);
}

/** Lifts by keyboard in one window; the other one hears of it, and the focus stays near. */
async function lift(tab: Tab, other: Tab): Promise<void> {
  await tab.value(
    `document.querySelector('[aria-label="Lift ${LIFTED}"]').focus()`,
  );
  await tab.press("Enter");
  await tab.until("document.querySelector('dialog[open]')");
  await tab.untilShown(`fail2ban-cluster unban ${LIFTED}`);
  await tab.value("document.querySelector('dialog .main').focus()");
  await tab.press("Enter");
  await tab.untilShown(`lifted ${LIFTED}`);
  for (const each of [tab, other]) await untilShows(each, KEPT, ELSEWHERE);
  await tab.until("document.activeElement.matches('main, main *')");
}

/** It goes on from the last change, and asks for no list anew. */
async function restart(page: PageCluster, tabs: readonly Tab[]): Promise<void> {
  for (const tab of tabs) {
    await tab.value(`globalThis.asked = [], globalThis.asks = fetch,
      globalThis.fetch = (path, init) => {
        if (String(init?.body).includes('"bans"')) asked.push(init.body);
        return asks(path, init);
      }, 0`);
  }
  await page.operated.stop("publisher", "hub");
  for (const tab of tabs) await tab.untilShown("no connection");
  await page.operated.restart("publisher", "hub");
  await report(page, "203.0.113.10");
  for (const tab of tabs) {
    await untilShows(tab, KEPT, ELSEWHERE, "203.0.113.10");
    await tab.until("!document.body.innerText.includes('no connection')");
    deepStrictEqual(await tab.value("asked"), []);
  }
}

/** Bans come all the time, faster than anybody types: what is searched for is found all the same. */
async function searchInStream(page: PageCluster, tab: Tab): Promise<void> {
  await tab.value("document.querySelector('#search').focus()");
  await typeOver(tab, "jail:sshd");
  await tab.until("location.hash.includes('sshd')");
  let isFound = false;
  const come = async () => {
    for (let at = 1; at < 255 && !isFound; at++) {
      await report(page, `192.0.2.${at}`);
      await tab.value("new Promise((done) => setTimeout(done, 100))");
    }
  };
  const coming = come();
  try {
    await tab.untilShown("192.0.2.3");
    await typeOver(tab, KEPT);
    await untilShows(tab, KEPT);
  } finally {
    isFound = true;
    await coming;
  }
}

/** What a page did wrong; that something could not be loaded is the browser's own word. */
function complaints(tab: Tab): readonly string[] {
  return tab.console.filter((each) => JSON.parse(each)["source"] !== "network");
}

testWith(
  "chromium",
  "the page in two windows: a wrong code, search, a lift by keyboard, a publisher that is restarted, a login that ends",
  async () => {
    await using page = await startPageCluster(["web1"]);
    await using browser = await Chromium.start();
    await using first = await browser.open(page.url);
    await first.untilShown("prints a code");
    await first.type("0".repeat(32));
    await first.press("Enter");
    await first.untilShown("the code is wrong");
    strictEqual(await first.value("document.activeElement.tagName"), "INPUT");
    await using tab = await entered(browser, page);
    await using other = await browser.open(page.url);
    await other.untilShown("live");
    await report(page, KEPT, LIFTED, ELSEWHERE);
    for (const each of [tab, other]) {
      await untilShows(each, KEPT, LIFTED, ELSEWHERE);
    }
    await search(tab);
    await lift(tab, other);
    await restart(page, [tab, other]);
    await searchInStream(page, tab);
    await page.operated.say("page", "logout");
    for (const each of [tab, other]) {
      await each.untilShown("The login is over.");
    }
    await tab.type(await codeOf(page.operated, "--for", "2s"));
    await tab.press("Enter");
    await tab.until("!document.body.innerText.includes('The login is over.')");
    await tab.untilShown("The login is over.");
    for (const each of [first, tab, other]) {
      deepStrictEqual(complaints(each), []);
    }
  },
);
