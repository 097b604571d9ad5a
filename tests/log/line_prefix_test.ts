import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  isoPrefix,
  noPrefix,
  syslogDatagramPrefix,
  syslogFilePrefix,
} from "../../lib/log/line_prefix.ts";
import type { OutputLine } from "../../lib/log/line_sink.ts";
import { SEVERITIES, type Severity } from "../../lib/log/log.ts";
import { SYSLOG_FACILITIES } from "../../lib/log/syslog_facility.ts";

const SOURCE = { name: "fail2ban-subscriber", pid: 123 };

/** A line written at a local time: syslog's stamps are local. */
function lineAt(
  month: number,
  day: number,
  [hour = 0, minute = 0, second = 0]: readonly number[] = [],
  severity: Severity = "info",
): OutputLine {
  const atMs = new Date(2026, month - 1, day, hour, minute, second).getTime();
  return { severity, atMs, text: "text" };
}

Deno.test("noPrefix() is nothing", () => {
  strictEqual(noPrefix(lineAt(1, 1)), "");
});

Deno.test("isoPrefix() stamps in UTC, to the millisecond", () => {
  const atMs = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
  strictEqual(
    isoPrefix(SOURCE)({ severity: "info", atMs, text: "" }),
    "2026-01-02T03:04:05.006Z fail2ban-subscriber[123]: ",
  );
});

Deno.test("syslogFilePrefix() is what syslog daemons write to files", () => {
  const prefix = syslogFilePrefix(SOURCE, "web-1");
  const cases: readonly (readonly [line: OutputLine, stamp: string])[] = [
    [lineAt(11, 23, [20, 38, 55]), "Nov 23 20:38:55"],
    [lineAt(11, 3, [1, 2, 3]), "Nov  3 01:02:03"],
    [lineAt(1, 1), "Jan  1 00:00:00"],
    [lineAt(12, 31, [23, 59, 59]), "Dec 31 23:59:59"],
  ];
  for (const [line, stamp] of cases) {
    strictEqual(prefix(line), `${stamp} web-1 fail2ban-subscriber[123]: `);
  }
});

Deno.test("syslogFilePrefix() names every month as syslog does, in English", () => {
  const prefix = syslogFilePrefix(SOURCE, "web-1");
  const months = Array.from(
    { length: 12 },
    (_, index) => prefix(lineAt(index + 1, 15)).slice(0, 3),
  );
  strictEqual(
    months.join(" "),
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
  );
});

Deno.test("syslogDatagramPrefix() begins with the priority and leaves the host to the daemon", () => {
  strictEqual(
    syslogDatagramPrefix(SOURCE, "auth")(lineAt(11, 3, [20, 38, 55])),
    "<38>Nov  3 20:38:55 fail2ban-subscriber[123]: ",
  );
});

function priority(prefix: string): number {
  return Number(/^<(\d+)>/.exec(prefix)?.[1]);
}

Deno.test("syslogDatagramPrefix() gives every facility its code of RFC 5424", () => {
  const codes = SYSLOG_FACILITIES.map((facility) => {
    const text = syslogDatagramPrefix(SOURCE, facility)(lineAt(1, 1));
    return [facility, (priority(text) - 6) / 8];
  });
  deepStrictEqual(Object.fromEntries(codes), {
    kern: 0,
    user: 1,
    mail: 2,
    daemon: 3,
    auth: 4,
    syslog: 5,
    lpr: 6,
    news: 7,
    uucp: 8,
    cron: 9,
    authpriv: 10,
    ftp: 11,
    local0: 16,
    local1: 17,
    local2: 18,
    local3: 19,
    local4: 20,
    local5: 21,
    local6: 22,
    local7: 23,
  });
});

Deno.test("syslogDatagramPrefix() gives every severity its code of RFC 5424", () => {
  const prefix = syslogDatagramPrefix(SOURCE, "kern");
  const codes = SEVERITIES.map((severity) => [
    severity,
    priority(prefix(lineAt(1, 1, [], severity))),
  ]);
  deepStrictEqual(Object.fromEntries(codes), {
    critical: 2,
    error: 3,
    warning: 4,
    notice: 5,
    info: 6,
    debug: 7,
  });
});
