import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { RuntimeError } from "../../lib/base/errors.ts";
import { csvRows } from "../../lib/lists/csv_list.ts";
import type { ListEntry } from "../../lib/lists/list_entry.ts";
import { LIST_FORMATS, type ListFormat } from "../../lib/lists/list_formats.ts";
import { parseList } from "../../lib/lists/parse_list.ts";
import { csvLine } from "../../lib/views/plain_texts.ts";
import { anyAddress } from "../support/values/any_values.ts";
import {
  ABUSEIPDB_ANSWER,
  BANNED_OUTPUT,
  BLOCKLIST_DE,
  CSCLI_DECISIONS,
  CSF_DENY,
  DROP_LIST,
  FEED_CSV,
  netset,
} from "../support/values/published_lists.ts";

const SHAPES: readonly (readonly [
  name: string,
  text: string,
  format: ListFormat,
  entries: readonly string[],
])[] = [
  ["DROP", DROP_LIST, "netset", [
    "5 198.18.4.0/22",
    "6 198.19.0.0/16",
    "7 203.0.113.0/24",
    "8 2001:db8:1f00::/40",
  ]],
  ["blocklist.de", BLOCKLIST_DE, "plain", [
    "1 192.0.2.14",
    "2 192.0.2.200",
    "3 198.51.100.3",
    "4 2001:db8:4006:812::200e",
  ]],
  ["AbuseIPDB's answer", ABUSEIPDB_ANSWER, "abuseipdb", [
    "1 192.0.2.66",
    "2 2001:db8:7::1",
    "3 10.1.2.3",
  ]],
  ["cscli's decisions", CSCLI_DECISIONS, "crowdsec", [
    "1 192.0.2.31",
    '2 "192.0.2.32" is no ban but a captcha',
    "3 198.51.100.0/24",
    '4 "64500" is of the scope AS',
  ]],
  ["no decisions of cscli", "null\n", "crowdsec", []],
  [
    "decisions of CrowdSec's API",
    '[{"type":"ban","scope":"Ip","value":"192.0.2.1"}]',
    "crowdsec",
    [
      "1 192.0.2.1",
    ],
  ],
  ["fail2ban's banned", BANNED_OUTPUT, "fail2ban", [
    "1 192.0.2.41",
    "2 2001:db8::41",
    "3 192.0.2.42",
  ]],
  ["fail2ban's banned without anybody", "[{'sshd': []}]\n", "fail2ban", []],
  ["csf.deny", CSF_DENY, "csf", [
    "8 192.0.2.51",
    "9 198.51.100.0/25",
    '10 "tcp|in|d=22,25|s=192.0.2.52" is a rule for some packets, not a ban',
    '11 "Include /etc/csf/csf.deny.more" is another file: import that, too',
  ]],
  ["a feed's CSV", FEED_CSV, "csv", [
    "5 192.0.2.61",
    "6 192.0.2.62",
    '7 "no.ip" is no address',
  ]],
  [
    "CSV whose header is a comment",
    "# Firstseen,DstIP,DstPort\n2026-11-28,192.0.2.7,443\n",
    "csv",
    [
      "2 192.0.2.7",
    ],
  ],
  ["CSV of unknown names", "when,who,\n2026-11-28,192.0.2.8,x\n", "csv", [
    "2 192.0.2.8",
  ]],
  [
    "CRLF, a byte order mark and odd spellings",
    "\ufeff192.0.2.9\r\n\r\n::FFFF:192.0.2.10\r\n192.0.2.11/24\r\nfoo\r\n",
    "plain",
    [
      "1 192.0.2.9",
      "3 192.0.2.10",
      '4 "192.0.2.11/24" is no network: its host bits are set',
      '5 "foo" is no address',
    ],
  ],
];

function shown(entry: ListEntry): string {
  return entry.kind === "address"
    ? `${entry.at} ${entry.address}`
    : `${entry.at} ${JSON.stringify(entry.text)} ${entry.why}`;
}

for (const [name, text, format, entries] of SHAPES) {
  Deno.test(`parseList() reads ${name}`, () => {
    const list = parseList(text);
    strictEqual(list.format, format);
    deepStrictEqual(list.entries.map(shown), entries);
    deepStrictEqual(parseList(text, format).entries, list.entries);
  });
}

Deno.test("parseList() reads a netset of 100,000 lines", () => {
  const list = parseList(netset(100_000));
  strictEqual(list.format, "netset");
  strictEqual(list.entries.length, 100_000);
  ok(list.entries.every(({ kind }) => kind === "address"));
  strictEqual(list.entries.at(-1)?.at, 100_006);
});

Deno.test("parseList() tells what is no list", () => {
  const cases = [
    ["<!DOCTYPE html>\n<title>502</title>\n", /no known format/],
    [
      '{"errors":[{"detail":"Daily rate limit exceeded","status":429}]}',
      /Daily rate limit/,
    ],
    ['{"message":"forbidden"}', /no known format/],
    ['{"data":[{"ipAddress":"192.0.2.1"},{"ipA', /is cut off/],
    ["[{'sshd': ['192.0.2.1'", /fail2ban-client banned/],
    ["a,b\nc,d\n", /no column/],
  ] as const;
  for (const [text, message] of cases) {
    throws(
      () => parseList(text),
      (error) => error instanceof RuntimeError && message.test(error.message),
      text,
    );
  }
});

Deno.test("parseList() ends in entries or an expected error, whatever it is given", () => {
  const piece = fc.oneof(
    fc.constantFrom(..."[]{}'\",:;#|\n\r /"),
    fc.constantFrom(
      "192.0.2.1",
      "ip",
      "{'a': ['",
      '{"data":[',
      "null",
      "# lfd:",
    ),
    fc.string(),
  );
  const text = fc.array(piece, { maxLength: 30 }).map((all) => all.join(""));
  const format = fc.constantFrom(undefined, ...LIST_FORMATS);
  fc.assert(fc.property(text, format, (text, format) => {
    try {
      let last = 0;
      for (const entry of parseList(text, format).entries) {
        ok(entry.at >= last && entry.at >= 1);
        last = entry.at;
      }
    } catch (error) {
      ok(error instanceof RuntimeError, String(error));
    }
  }));
});

Deno.test("parseList() finds each address in its line, whatever the comments", () => {
  const line = fc.record({
    address: fc.option(anyAddress),
    before: fc.constantFrom("", "  ", "\t"),
    comment: fc.constantFrom("", " ; SBL1", "# a, b", " # c | d"),
    end: fc.constantFrom("\n", "\r\n", "\n\n"),
  });
  fc.assert(fc.property(fc.array(line), (lines) => {
    let [text, at] = ["", 1];
    const expected: string[] = [];
    for (const { address, before, comment, end } of lines) {
      if (address !== null) expected.push(`${at} ${address}`);
      text += `${before}${address ?? ""}${comment}${end}`;
      at += end.split("\n").length - 1;
    }
    deepStrictEqual(parseList(text, "netset").entries.map(shown), expected);
  }));
});

Deno.test("csvRows() gives back what is written as RFC 4180 says", () => {
  const cell = fc.oneof(
    fc.string(),
    fc.constantFrom('"', ",", "\n", 'a "b", c', "192.0.2.1"),
  ).map((text) => text.trim());
  const row = fc.array(cell, { minLength: 2, maxLength: 5 })
    .filter(([first = ""]) => !first.startsWith("#"));
  fc.assert(fc.property(fc.array(row), (rows) => {
    const text = rows.map((cells) => `${csvLine(cells)}\n`).join("");
    deepStrictEqual([...csvRows(text)].map(({ cells }) => cells), rows);
    let at = 1;
    for (const [index, { at: begins }] of [...csvRows(text)].entries()) {
      strictEqual(begins, at);
      at += csvLine(rows[index] ?? []).split("\n").length;
    }
  }));
});

Deno.test("bannedEntries() finds what any jails have", () => {
  const jails = fc.array(
    fc.tuple(fc.stringMatching(/^[a-z.-]{1,8}$/), fc.array(anyAddress)),
  );
  fc.assert(fc.property(jails, (jails) => {
    const text = `[${
      jails.map(([name, all]) =>
        `{'${name}': [${all.map((each) => `'${each}'`).join(", ")}]}`
      ).join(", ")
    }]\n`;
    deepStrictEqual(
      parseList(text, "fail2ban").entries.map((entry) =>
        entry.kind === "address" ? entry.address : entry.text
      ),
      jails.flatMap(([, all]) => all),
    );
  }));
});
