import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { LineClock } from "../../lib/fail2ban/line_clock.ts";
import { localTime } from "../support/memory/memory_fail2ban.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 14, 4, 14);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LOOK_MS = 250;

function lineAt(ms: number): string {
  return `${
    localTime(ms)
  },000 fail2ban.actions [9]: NOTICE [sshd] Ban 192.0.2.1`;
}

/** Reads a line that was appended just now and is stamped so far behind. */
function readLive(lines: LineClock, behindMs: number, nowMs = NOW_MS) {
  lines.follow(nowMs - LOOK_MS);
  return lines.timeOf(lineAt(nowMs - behindMs), nowMs);
}

Deno.test("LineClock makes up for every zone of the world, to the second, and says so once", () => {
  fc.assert(fc.property(
    fc.integer({ min: -4 * 14, max: 4 * 14 }).filter((quarters) =>
      Math.abs(quarters) > 1
    ),
    fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 1 }),
    (quarters, delaysMs) => {
      const log = new MemoryLog();
      const lines = new LineClock(log);
      const zoneMs = quarters * 15 * MINUTE_MS;
      for (const delayMs of delaysMs) {
        const writtenMs = NOW_MS - Math.floor(delayMs / 1_000) * 1_000;
        lines.follow(NOW_MS - LOOK_MS);
        const line = lineAt(writtenMs - zoneMs);
        strictEqual(lines.timeOf(line, NOW_MS), writtenMs);
      }
      strictEqual(lines.offsetMs, zoneMs);
      strictEqual(log.records.length, 1);
      deepStrictEqual(log.records[0]?.severity, "warning");
    },
  ));
});

Deno.test("LineClock believes stamps of lines that may be of any time", () => {
  const lines = new LineClock();
  lines.follow(undefined);
  strictEqual(
    lines.timeOf(lineAt(NOW_MS - 4 * HOUR_MS), NOW_MS),
    NOW_MS - 4 * HOUR_MS,
  );
  // Nobody looked for an hour: what is read now may be of any moment since.
  lines.follow(NOW_MS - HOUR_MS);
  strictEqual(
    lines.timeOf(lineAt(NOW_MS - 4 * HOUR_MS), NOW_MS),
    NOW_MS - 4 * HOUR_MS,
  );
  strictEqual(lines.offsetMs, 0);
});

Deno.test("LineClock takes what comes a few minutes late for late, and a clock that is hours off for another", () => {
  const lines = new LineClock();
  for (const lateMs of [4_000, MINUTE_MS, 7 * MINUTE_MS, 20 * MINUTE_MS]) {
    strictEqual(readLive(lines, lateMs), NOW_MS - lateMs);
    strictEqual(lines.offsetMs, 0);
  }
  strictEqual(readLive(lines, 97 * MINUTE_MS), NOW_MS);
  strictEqual(lines.offsetMs, 97 * MINUTE_MS);
});

Deno.test("LineClock counts what it learned for lines of before, and follows a zone that is changed back", () => {
  const log = new MemoryLog();
  const lines = new LineClock(log);
  readLive(lines, 4 * HOUR_MS);
  lines.follow(undefined);
  strictEqual(
    lines.timeOf(lineAt(NOW_MS - 5 * HOUR_MS), NOW_MS),
    NOW_MS - HOUR_MS,
  );
  strictEqual(
    lines.endIn(`... (2 # 4h -> ${localTime(NOW_MS - 3 * HOUR_MS)})`),
    NOW_MS + HOUR_MS,
  );
  strictEqual(readLive(lines, 0), NOW_MS);
  strictEqual(lines.offsetMs, 0);
  deepStrictEqual(log.records.map(({ severity }) => severity), [
    "warning",
    "notice",
  ]);
});

Deno.test("LineClock leaves stamps with a zone alone, and takes a line without a stamp for new where it is", () => {
  const lines = new LineClock();
  readLive(lines, 4 * HOUR_MS);
  const zoned =
    "2026-11-22T14:04:00+00:00 h fail2ban.actions[9]: NOTICE [a] Ban 192.0.2.1";
  strictEqual(lines.timeOf(zoned, NOW_MS), Date.UTC(2026, 10, 22, 14, 4));
  const undated = "fail2ban.actions [9]: NOTICE [sshd] Ban 192.0.2.1";
  strictEqual(lines.timeOf(undated, NOW_MS), NOW_MS);
  // Of another language's month the date is not read.
  const german =
    "Okt 22 14:04:00 h fail2ban.actions[9]: NOTICE [a] Ban 192.0.2.1";
  strictEqual(lines.timeOf(german, NOW_MS), NOW_MS);
  strictEqual(lines.timeOf("", NOW_MS), undefined);
  lines.follow(undefined);
  strictEqual(lines.timeOf(undated, NOW_MS), undefined);
});

Deno.test("LineClock goes on with what it learned before, until a live line says otherwise", () => {
  const log = new MemoryLog();
  const lines = new LineClock(log, 5 * HOUR_MS);
  lines.follow(undefined);
  const stamped = lineAt(NOW_MS - 5 * HOUR_MS - MINUTE_MS);
  strictEqual(lines.timeOf(stamped, NOW_MS), NOW_MS - MINUTE_MS);
  deepStrictEqual(log.records, []);
  strictEqual(readLive(lines, 0), NOW_MS);
  strictEqual(lines.offsetMs, 0);
});
