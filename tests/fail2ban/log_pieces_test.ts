import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { LogScanner } from "../../lib/fail2ban/log_scanner.ts";
import { FormatWatch } from "../../lib/monitor/format_watch.ts";
import { describeEvent } from "../support/values/log_samples.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const ENCODER = new TextEncoder();
const STAMP = "2026-11-22 14:13:03,659";
const QUIET =
  `${STAMP} fail2ban.filter         [1]: INFO    [sshd] Found 192.0.2.7`;
const LINES = 12_000;

function lineOf(logger: string, level: string, message: string): string {
  return `${STAMP} ${`fail2ban.${logger}`.padEnd(24)}[1]: ${
    level.padEnd(7)
  } ${message}`;
}

/** What lines say, in turns among many that say nothing. */
const TELLING: readonly (readonly [line: string, answer: string])[] = [
  [lineOf("actions", "NOTICE", "[sshd] Ban 192.0.2.1"), "ban sshd 192.0.2.1"],
  [
    lineOf("actions", "NOTICE", "[sshd] Unban 192.0.2.2"),
    "unban sshd 192.0.2.2",
  ],
  [
    lineOf("actions", "NOTICE", "[sshd] Restore Ban 2001:db8::3"),
    "restore sshd 2001:db8::3",
  ],
  [
    lineOf(
      "observer",
      "NOTICE",
      "[sshd] Increase Ban 192.0.2.4 (2 # 6s -> infinite)",
    ),
    "increase sshd 192.0.2.4 2 6",
  ],
  [
    lineOf(
      "actions",
      "ERROR",
      "Failed to execute ban jail 'sshd' action 'nft' info '{'ip': '192.0.2.5'",
    ),
    "action_failed",
  ],
  [lineOf("jail", "INFO", "Jail 'sshd' stopped"), "jail_stopped sshd"],
  [lineOf("server", "INFO", "Exiting Fail2ban"), "server_stopping"],
];

/** Lines that say nothing; some are of characters of several bytes, some longer than a piece. */
function quietLine(index: number): string {
  if (index % 97 === 0) return `${QUIET} \u00e9\u4e2d\u{1f600}`;
  if (index % 1_499 === 0) return "x".repeat(65_000);
  if (index % 11 === 0) {
    return lineOf("actions", "WARNING", "[sshd] 192.0.2.8 already banned");
  }
  if (index % 13 === 0) {
    return lineOf(
      "observer",
      "INFO",
      "[sshd] Found 192.0.2.9, bad - x, 1 # -> 2.0",
    );
  }
  return QUIET;
}

for (const hasOthers of [false, true]) {
  Deno.test(`LogScanner reads a log of many pieces as it reads each line, ${hasOthers ? "with" : "without"} other characters`, () => {
    const lines = Array.from({ length: LINES }, (_, index) => {
      const turn = index / 29;
      const told = Number.isInteger(turn)
        ? TELLING[turn % TELLING.length]?.[0]
        : undefined;
      return told ?? (hasOthers || index % 97 > 0 ? quietLine(index) : QUIET);
    });
    const expected: { said: string; startBytes: number }[] = [];
    let startBytes = 0;
    lines.forEach((line, index) => {
      const turn = index / 29;
      if (Number.isInteger(turn)) {
        expected.push({ said: line, startBytes });
      }
      startBytes += ENCODER.encode(line).length + 1;
    });
    const watch = new FormatWatch("file", new MemoryLog(), new ManualClock());
    const log = ENCODER.encode(lines.map((line) => `${line}\n`).join(""));
    const read = [...new LogScanner("file", watch).scan(log)];
    deepStrictEqual(
      read.map(({ line, startBytes }) => ({ said: line, startBytes })),
      expected,
    );
    strictEqual(watch.counters.lines, LINES);
    for (const { event, line } of read) {
      const answer = TELLING.find(([told]) => told === line)?.[1] ?? "";
      strictEqual(describeEvent(event).startsWith(answer), true, line);
    }
  });
}
