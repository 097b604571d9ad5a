import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { aggregated, finished } from "../../lib/base/address_span.ts";
import type { Ban } from "../../lib/ban/ban.ts";
import { renderingList } from "../../lib/exports/list_rendering.ts";
import {
  EXPORT_FORMATS,
  type ExportFormat,
  type ListRules,
} from "../../lib/exports/list_rules.ts";
import { exportLines } from "../../lib/views/export_formats.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import { RuntimeError } from "../../lib/base/errors.ts";

const ALL: ListRules = {
  name: "all",
  format: "plain",
  jails: ["*"],
  nodes: ["*"],
  minLeftMs: 0,
  isAggregated: false,
  allowFrom: [],
  credentials: undefined,
};
const NOW_MS = 1_000_000;
const HOUR_MS = 3_600_000;

function ban(
  text: string,
  ends: Readonly<Record<string, number>> = { web1: Infinity },
  { inJail = "sshd", isPending = false } = {},
): Ban {
  return {
    address: address(text),
    jail: jail(inJail),
    seq: 1,
    isPending,
    reports: Object.entries(ends).map(([name, expiresMs]) => ({
      origin: host(name),
      firstMs: 0,
      lastMs: 0,
      expiresMs,
    })),
  };
}

/** A list of bans, whose clock is an hour behind the system's. */
function listOf(bans: readonly Ban[], rules: Partial<ListRules> = {}) {
  const { bytes, ...about } = finished(renderingList(
    { ...ALL, ...rules },
    { bans: () => bans },
    { nowMs: NOW_MS, aheadMs: HOUR_MS },
  ));
  return { text: new TextDecoder().decode(bytes), ...about };
}

Deno.test("a list has the bans in force by number, each address once, until the first that ends", () => {
  const bans = [
    ban("198.51.100.9", { web1: NOW_MS + 5_000 }),
    ban("192.0.2.7", { web1: NOW_MS + 9_000, web2: NOW_MS + 7_000 }),
    ban("198.51.100.9", { web2: NOW_MS + 6_000 }, { inJail: "nginx" }),
    ban("203.0.113.1", {}, { isPending: true }),
    ban("203.0.113.2", { web1: NOW_MS }),
    ban("2001:db8::/64"),
    ban("9.0.0.1"),
  ];
  deepStrictEqual(listOf(bans), {
    text: "9.0.0.1\n192.0.2.7\n198.51.100.9\n2001:db8::/64\n",
    entries: 4,
    untilMs: NOW_MS + 5_000,
  });
  deepStrictEqual(listOf([]), { text: "", entries: 0, untilMs: Infinity });
});

Deno.test("a list leaves out other jails, other nodes and what ends soon, and knows when the next is left out", () => {
  const bans = [
    ban("192.0.2.1", { web1: NOW_MS + 90_000 }, { inJail: "nginx-botsearch" }),
    ban("192.0.2.2", { Web2: NOW_MS + 60_000 }),
    ban("192.0.2.3", { web1: NOW_MS + 59_999 }),
    // The report of web2 is over, and with it that the list has the ban.
    ban("192.0.2.4", { web2: NOW_MS - 1, web1: NOW_MS + 90_000 }),
  ];
  strictEqual(listOf(bans, { jails: ["nginx-*", "x"] }).text, "192.0.2.1\n");
  strictEqual(listOf(bans, { nodes: ["web2"] }).text, "192.0.2.2\n");
  const soon = listOf(bans, { minLeftMs: 60_000 });
  strictEqual(soon.text, "192.0.2.1\n192.0.2.2\n192.0.2.4\n");
  strictEqual(soon.untilMs, NOW_MS);
  const later = listOf([ban("192.0.2.1", { web1: NOW_MS + 90_000 })], {
    minLeftMs: 60_000,
  });
  strictEqual(later.untilMs, NOW_MS + 30_000);
});

Deno.test("a list is what export writes, in every format, with ends by the system's clock", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.ipV4(), { maxLength: 300 }),
      fc.constantFrom<ExportFormat>(...EXPORT_FORMATS),
      (texts, format) => {
        const networks = texts.map((text) => ({
          network: address(text),
          endsMs: NOW_MS + HOUR_MS + 5_000,
        })).toSorted((left, right) =>
          numberOf(left.network) - numberOf(right.network)
        );
        const bans = texts.map((text) => ban(text, { a: NOW_MS + 5_000 }));
        const lines = [...exportLines(format, networks, NOW_MS + HOUR_MS)];
        deepStrictEqual(
          listOf(bans, { format }).text,
          lines.map((line) => `${line}\n`).join(""),
        );
      },
    ),
  );
});

Deno.test("a list that is aggregated has what aggregated() gives", () => {
  const texts = ["192.0.2.1", "192.0.2.0", "192.0.2.2/31", "192.0.2.9"];
  const { text, entries } = listOf(texts.map((each) => ban(each)), {
    isAggregated: true,
  });
  const fewest = aggregated(texts.map(address));
  strictEqual(text, fewest.map((each) => `${each}\n`).join(""));
  strictEqual(entries, fewest.length);
});

Deno.test("a list is made in steps, however many bans there are and whatever is left out", () => {
  const bans = Array.from(
    { length: 5_000 },
    (_, at) =>
      ban(`10.0.${at >> 8}.${at & 255}`, { web1: at % 2 * Infinity || NOW_MS }),
  );
  for (const isAggregated of [false, true]) {
    const steps = renderingList(
      { ...ALL, isAggregated, format: "nft" },
      { bans: () => bans },
      { nowMs: NOW_MS, aheadMs: 0 },
    );
    let count = 0;
    while (steps.next().done !== true) count++;
    ok(count > 5_000 / 64, `${count}`);
  }
});

Deno.test("a list without measure is refused", () => {
  const bans = [1, 2, 3].map((last) => ban(`192.0.2.${last}`));
  const time = { nowMs: NOW_MS, aheadMs: 0 };
  const table = { bans: () => bans };
  strictEqual(finished(renderingList(ALL, table, time, 30)).entries, 3);
  throws(() => finished(renderingList(ALL, table, time, 29)), RuntimeError);
});

function numberOf(text: string): number {
  return text.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}
