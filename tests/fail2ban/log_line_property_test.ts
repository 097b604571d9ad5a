import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { type LogEvent } from "../../lib/fail2ban/log_line.ts";
import { parseLine, scanLines } from "../../lib/fail2ban/log_scanner.ts";
import {
  anyDamagedLine,
  anyFormat,
  anyLog,
  anyTicketLine,
} from "../support/values/any_log.ts";
import { describeEvent } from "../support/values/log_samples.ts";

const LF = 0x0a;
const VERBS = {
  ban: "Ban",
  unban: "Unban",
  restore: "Restore Ban",
  repeal: "Repeal Ban",
} as const;

Deno.test("every ticket of a good jail and address is read from its line, and no more", () => {
  fc.assert(
    fc.property(anyTicketLine, ({ format, line, answer }) => {
      const bytes = new TextEncoder().encode(line);
      strictEqual(describeEvent(parseLine(bytes, format)), answer);
      const ended = Uint8Array.of(...bytes, LF);
      deepStrictEqual([...scanLines(ended, format)].map(describeEvent), [
        answer,
      ]);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("no bytes make the reader fail, or name what the line does not say", () => {
  const anyBytes = fc.oneof(
    { weight: 4, arbitrary: anyDamagedLine },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 600 }) },
  );
  fc.assert(
    fc.property(anyBytes, anyFormat, (line, format) => {
      const event = parseLine(line, format);
      ok(event === undefined || isSaidBy(line, event), describeEvent(event));
    }),
    { numRuns: 5_000 },
  );
});

/** `parseLine` gives no time. */
function withoutTime(event: LogEvent): LogEvent {
  if (event.kind !== "ban" && event.kind !== "unban") return event;
  const { kind, jail, address } = event;
  return { kind, jail, address };
}

Deno.test("lines are cut at 0x0A and nowhere else, whatever stands in them", () => {
  fc.assert(
    fc.property(anyLog, anyFormat, (log, format) => {
      deepStrictEqual(
        [...scanLines(log, format)].map(withoutTime),
        linesOf(log).flatMap((line) => parseLine(line, format) ?? []),
      );
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("a log says the same however its lines are handed over", () => {
  fc.assert(
    fc.property(anyLog, fc.array(fc.nat()), anyFormat, (log, cuts, format) => {
      const ends = [...log.keys()].filter((index) => log[index] === LF);
      const places = cuts.flatMap((cut) => ends[cut % ends.length] ?? [])
        .map((end) => end + 1).sort((left, right) => left - right);
      const batches = [...places, log.length].map((end, index) =>
        log.subarray(places[index - 1] ?? 0, end)
      );
      deepStrictEqual(
        batches.flatMap((batch) => [...scanLines(batch, format)]),
        [...scanLines(log, format)],
      );
    }),
    { numRuns: 500 },
  );
});

/** The lines that have ended, found without any of the reader's means. */
function linesOf(log: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let line: number[] = [];
  for (const byte of log) {
    if (byte === LF) {
      lines.push(Uint8Array.from(line));
      line = [];
    } else {
      line.push(byte);
    }
  }
  return lines;
}

/** Whether the line holds the event's jail and address as they are, and ASCII only. */
function isSaidBy(line: Uint8Array, event: LogEvent): boolean {
  if (event.kind === "refused") return true;
  const text = Array.from(line, (byte) => String.fromCharCode(byte)).join("");
  if (!/^[ -~]*$/.test(text)) return false;
  switch (event.kind) {
    case "server_starting":
    case "server_stopping":
      return true;
    case "jail_started":
    case "jail_stopped":
      return text.includes(`'${event.jail}'`);
    case "action_failed":
      return text.includes(`execute ${event.verb} jail '${event.jail}' action`);
    case "increase":
      return text.includes(`[${event.jail}] Increase Ban ${event.address} (`);
    default:
      return text.endsWith(
        `[${event.jail}] ${VERBS[event.kind]} ${event.address}`,
      );
  }
}
