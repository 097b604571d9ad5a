import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { FormatWatch } from "../../lib/monitor/format_watch.ts";
import { LogScanner } from "../../lib/fail2ban/log_scanner.ts";
import type { LogFormat } from "../../lib/fail2ban/log_format.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { journalRecord, recordOf } from "../support/fail2ban/record_lines.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const BAN = "[sshd] Ban 192.0.2.9";
const FILE =
  `2026-11-22 14:13:03,659 fail2ban.actions        [1]: NOTICE  ${BAN}`;
const FOUND =
  "2026-11-22 14:13:03,659 fail2ban.filter         [1]: INFO    [sshd] Found 192.0.2.9";

/** Follows lines, and gives what was counted and said. */
function follow(format: LogFormat, ...lines: string[]) {
  const log = new MemoryLog();
  const watch = new FormatWatch(format, log, new ManualClock());
  const bytes = new TextEncoder().encode(
    lines.map((line) => `${line}\n`).join(""),
  );
  const events = [...new LogScanner(format, watch).scan(bytes)]
    .map(({ event }) => event);
  return { watch, log, events };
}

/** Logs that say nothing in the format that is set: what is set, and a line with a ban. */
const SILENT: Readonly<Record<string, readonly [LogFormat, string]>> = {
  "a format of one's own": [
    "file",
    `2026-11-28 23:38:30,692 - fail2ban.actions - NOTICE - ${BAN}`,
  ],
  "compose": ["file", `fail2ban  | ${FILE}`],
  "docker's json-file": [
    "file",
    JSON.stringify({ log: `${FILE}\n`, stream: "stdout" }),
  ],
  "a log of json": [
    "file",
    JSON.stringify({ name: "fail2ban.actions", message: BAN }),
  ],
  "journalctl -o cat": ["journal", BAN],
  "journalctl -o json": [
    "journal",
    JSON.stringify({ MESSAGE: BAN, PRIORITY: "5" }),
  ],
  "months of another language": [
    "syslog",
    `M\u00e4r 22 14:13:03 host fail2ban.actions[1]: NOTICE ${BAN}`,
  ],
  "a syslog's lines as a file's": [
    "file",
    `Nov 22 14:13:03 host fail2ban.actions[1]: NOTICE ${BAN}`,
  ],
  "a file's lines as a syslog's": ["syslog", FILE],
};

Deno.test("FormatWatch knows every level that fail2ban logs with, down to the ones without a name", () => {
  const levels = ["HEAVY  ", "#04-Lev.", "TRACE  ", "DEBUG  ", "MSG    "];
  for (const level of [...levels, "CRITICAL", "#39-Lev."]) {
    const line = FILE.replace("NOTICE ", level).replace(BAN, "anything");
    const { watch, log } = follow("file", ...Array(100).fill(line));
    strictEqual(watch.counters.notUnderstood, 0, level);
    deepStrictEqual(log.records, []);
  }
});

for (const [name, [format, line]] of Object.entries(SILENT)) {
  Deno.test(`FormatWatch says loudly, once, that no line is understood: ${name}`, () => {
    const { watch, log, events } = follow(format, ...Array(100).fill(line));
    ok(events.every(({ kind }) => kind === "refused"));
    strictEqual(watch.isOther, true);
    deepStrictEqual(watch.counters, {
      lines: 100,
      notUnderstood: 100,
      bansNotUnderstood: 100,
    });
    const errors = log.records.filter(({ severity }) => severity === "error");
    strictEqual(errors.length, 1);
    strictEqual(log.text.includes("192.0.2.9"), false);
  });
}

/** Logs of another format than the one that is set, and which that is. */
const OTHERS: readonly (readonly [LogFormat, LogFormat, string])[] = [
  ["file", "container", `fail2ban-1  | ${FILE}`],
  ["file", "docker-json", recordOf(FILE, "docker-json")],
  [
    "file",
    "journal-json",
    journalRecord({ MESSAGE: FILE, _CMDLINE: "x".repeat(600) }),
  ],
  ["docker-json", "file", FILE],
  [
    "journal-json",
    "syslog",
    `Nov 22 14:13:03 host fail2ban.actions[1]: NOTICE ${BAN}`,
  ],
  ["file", "journal", `1796000000.659123 host fail2ban[1]: ${BAN}`],
  [
    "journal",
    "sysout",
    `Nov 22 14:13:03.659123 host fail2ban-server[1]: fail2ban.actions [1]: NOTICE  ${BAN}`,
  ],
];

for (const [format, other, line] of OTHERS) {
  Deno.test(`FormatWatch names the format of the lines: ${other} instead of ${format}`, () => {
    const { log, events } = follow(format, line);
    ok(events.every(({ kind }) => kind === "refused"));
    const [error] = log.records.filter(({ severity }) => severity === "error");
    match(String(error?.fields["hint"]), new RegExp(`logformat = ${other}, `));
    deepStrictEqual(follow(other, line).events.map(({ kind }) => kind), [
      "ban",
    ]);
  });
}

Deno.test("FormatWatch hears of bans under another service's name than fail2ban's, and of no other service's lines", () => {
  const other = follow("container", ...Array(60).fill("web-1  | GET /"));
  deepStrictEqual(other.watch.counters.notUnderstood, 0);
  const { watch, log } = follow("container", `f2b-1  | ${FILE}`);
  strictEqual(watch.isOther, true);
  strictEqual(watch.counters.bansNotUnderstood, 1);
  ok(log.records.some(({ severity }) => severity === "error"));
});

Deno.test("FormatWatch says so of lines without bans, too, but not of a traceback", () => {
  const traceback = Array(40).fill('  File "/usr/bin/x", line 1, in <module>');
  const { watch, log } = follow("file", FOUND, ...traceback, FOUND);
  strictEqual(watch.isOther, false);
  deepStrictEqual(log.records, []);
  deepStrictEqual(watch.counters.notUnderstood, 40);
  strictEqual(
    follow("file", ...Array(50).fill("what else")).watch.isOther,
    true,
  );
});

Deno.test("FormatWatch lets other programs' lines be in a log that fail2ban shares with them", () => {
  for (
    const [format, own] of [
      ["syslog", `fail2ban.actions[1]: NOTICE ${BAN}`],
      ["sysout", `fail2ban-server[1]: fail2ban.actions [1]: NOTICE  ${BAN}`],
      ["journal", `fail2ban[1]: ${BAN}`],
    ] as const
  ) {
    for (const stamp of ["Nov 22 14:13:03", "2026-11-22T14:13:03.5+01:00"]) {
      const others = [
        `${stamp} host sshd[7]: Invalid user x from 192.0.2.7 port 2`,
        `${stamp} host sshd[7]: Invalid user x] Ban 192.0.2.7`,
        `${stamp} host CRON[8]: (root) CMD (true)`,
        `${stamp} host kernel: [ 1.5] eth0: up`,
        `${stamp} host postfix/smtpd[9]: connect from x`,
      ];
      const lines = Array(40).fill(others).flat();
      const { watch, log, events } = follow(
        format,
        ...lines,
        `${stamp} host ${own}`,
        ...lines,
      );
      deepStrictEqual(events.map(({ kind }) => kind), ["ban"]);
      deepStrictEqual(log.records, [], format);
      deepStrictEqual(watch.counters, {
        ...{ lines: 1, notUnderstood: 0, bansNotUnderstood: 0 },
      });
    }
  }
});

Deno.test("what a syslog server folded of a unit's output, or of the journal's, is read, too", () => {
  const before = "Sep 20 05:16:06 loghost ";
  const folded: readonly (readonly [LogFormat, string])[] = [
    [
      "sysout",
      `fail2ban-server[7]: message repeated 2 times: [ fail2ban.actions        [7]: NOTICE  ${BAN}]`,
    ],
    ["journal", `fail2ban[7]: message repeated 3 times: [ ${BAN}]`],
  ];
  for (const [format, line] of folded) {
    const { events, watch } = follow(format, before + line);
    deepStrictEqual(events.map(({ kind }) => kind), ["ban"], format);
    strictEqual(watch.counters.notUnderstood, 0);
  }
});

Deno.test("FormatWatch says that lines are understood again", () => {
  const { watch, log } = follow("file", ...Array(60).fill("what else"), FOUND);
  strictEqual(watch.isOther, false);
  deepStrictEqual(log.records.map(({ severity }) => severity), [
    "error",
    "notice",
  ]);
});

Deno.test("FormatWatch understands every line that fail2ban writes in a format, whichever logger", () => {
  const loggers = [
    "actions",
    "filter",
    "server",
    "utils",
    "ipdns",
    "asyncserver",
  ];
  for (const logger of loggers) {
    for (
      const level of ["INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "DEBUG"]
    ) {
      const tail = `fail2ban.${logger}[1]: ${level} text`;
      strictEqual(
        follow("file", `2026-11-22 14:13:03,659 ${tail}`).watch.counters
          .notUnderstood,
        0,
      );
      strictEqual(
        follow("syslog", `Nov 22 14:13:03 host ${tail}`).watch.counters
          .notUnderstood,
        0,
      );
      strictEqual(follow("sysout", tail).watch.counters.notUnderstood, 0);
    }
  }
  strictEqual(
    follow("journal", "host fail2ban[1]: text").watch.counters.notUnderstood,
    0,
  );
});

Deno.test("what a syslog server folded is read as the line that it was, in both of its forms", () => {
  const before = "Sep 20 05:16:06 loghost ";
  for (
    const folded of [
      `${before}fail2ban.actions[2]: message repeated 2 times: [ NOTICE ${BAN}]`,
      `${before}message repeated 2 times: [ fail2ban.actions[2]: NOTICE ${BAN}]`,
      `<29>${before}message repeated 12 times: [fail2ban.actions[2]: NOTICE ${BAN}]`,
    ]
  ) {
    const { events, watch } = follow("syslog", folded);
    deepStrictEqual(events, [{
      kind: "ban",
      jail: "sshd",
      address: "192.0.2.9",
    }]);
    strictEqual(watch.counters.notUnderstood, 0);
  }
  const forged =
    `${before}fail2ban.filter[2]: INFO [a] Found x message repeated 2 times: [ NOTICE ${BAN}]`;
  deepStrictEqual(follow("syslog", forged).events, []);
});

Deno.test("NULs before a line, however many, hide no ban", () => {
  for (const count of [1, 64, 511, 512, 513, 4_096]) {
    const { events } = follow("file", "\0".repeat(count) + FILE, FILE);
    strictEqual(events.length, 2);
  }
});
