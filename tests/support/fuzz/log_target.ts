/**
 * Lines of the log in each format, and the restart filter's results.
 *
 * A line has several forms: its timestamp, its sender and, for an increase, its
 * end are not kept. Checks that an event that is written again with another
 * prefix reads the same.
 *
 * @module
 */

import type { EventId } from "../../../lib/base/ids.ts";
import { CLUSTER_JAIL } from "../../../lib/base/jail_name.ts";
import {
  type LogEvent,
  MAX_EVENT_LINE_LENGTH,
} from "../../../lib/fail2ban/log_line.ts";
import {
  type LocatedEvent,
  LogScanner,
  parseLine,
} from "../../../lib/fail2ban/log_scanner.ts";
import {
  type Detection,
  RestartFilter,
} from "../../../lib/monitor/restart_filter.ts";
import {
  isRecordFormat,
  LOG_FORMATS,
  type LogFormat,
} from "../../../lib/fail2ban/log_format.ts";
import type { TicketState } from "../../../lib/fail2ban/ports.ts";
import { LOG_INJECTIONS } from "../values/log_injections.ts";
import { LOG_SAMPLES } from "../values/log_samples.ts";
import type { Draw } from "./draw.ts";
import {
  areAlike,
  type FuzzInput,
  type FuzzTarget,
  must,
  type Verdict,
} from "./fuzz_target.ts";
import { makeLine, writeEvent } from "./log_lines.ts";
import { mutated } from "./mutations.ts";
import { checkValue } from "./value_oracle.ts";

const LF = 0x0a;
const MAX_HELD = 2;
const HOLD_MS = 10;
const STATES: readonly TicketState[] = [
  "unknown",
  "unknown",
  "gone",
  "expired",
  "in_force",
];
const ENCODER = new TextEncoder();
const LATIN1 = new TextDecoder("latin1");

/** Creates the target with its samples. */
export function logTarget(): FuzzTarget {
  const lines = new Map<LogFormat, readonly string[]>();
  for (const format of LOG_FORMATS) {
    lines.set(format, [
      ...LOG_SAMPLES.filter((sample) => sample.format === format)
        .map(({ line }) => line),
      ...LOG_INJECTIONS.filter(([of]) => of === format).map(([, line]) => line),
    ]);
  }
  return { name: "log", make: (draw) => makeInput(draw, lines), check };
}

function makeInput(
  draw: Draw,
  samples: ReadonlyMap<LogFormat, readonly string[]>,
): FuzzInput {
  const variant = draw.oneIn(2) ? "file" : draw.pick(LOG_FORMATS);
  if (draw.oneIn(30)) {
    return { variant, frames: [draw.bytes(draw.oneIn(50) ? 4_000 : 200)] };
  }
  const count = draw.oneIn(100) ? 40 : 1 + draw.below(4);
  const lines = Array.from(
    { length: count },
    () =>
      draw.oneIn(3)
        ? draw.pick(samples.get(variant) ?? [])
        : makeLine(draw, variant),
  );
  const log = ENCODER.encode(lines.join("\n") + (draw.oneIn(8) ? "" : "\n"));
  const frame = draw.oneIn(3)
    ? log
    : mutated(draw, log, ENCODER.encode(makeLine(draw, variant)));
  return { variant, frames: [frame] };
}

function check({ variant, frames }: FuzzInput): Verdict {
  const format = LOG_FORMATS.find((format) => format === variant) ?? "file";
  const log = frames[0] ?? new Uint8Array();
  const places = [...new LogScanner(format).scan(log)];
  const events = places.map(({ event }) => event);
  const lines = linesOf(log);
  must(
    areAlike(
      events,
      eventsOf(
        format,
        ...lines.map(({ end, start }) => log.subarray(start, end)),
      ),
    ),
    "lines are cut at 0x0A only",
  );
  const middle = lines.at(lines.length >> 1)?.start ?? 0;
  must(
    areAlike(
      events,
      eventsOf(format, log.subarray(0, middle), log.subarray(middle)),
    ),
    "a log says the same in two pieces",
  );
  for (const place of places) checkPlace(place, log, format);
  checkSession(events);
  return events.some(({ kind }) => kind !== "refused")
    ? "accepted"
    : "rejected";
}

/** The events of a log that is read in pieces. */
function eventsOf(format: LogFormat, ...pieces: Uint8Array[]): LogEvent[] {
  const scanner = new LogScanner(format);
  return pieces.flatMap((piece) => [...scanner.scan(piece)])
    .map(({ event }) => event);
}

/** The positions of complete lines, including their ends. */
function linesOf(log: Uint8Array): { start: number; end: number }[] {
  const lines: { start: number; end: number }[] = [];
  let start = 0;
  for (let at = 0; at < log.length; at++) {
    if (log[at] !== LF) continue;
    lines.push({ start, end: at + 1 });
    start = at + 1;
  }
  return lines;
}

function checkPlace(
  { event, startBytes, line }: LocatedEvent,
  log: Uint8Array,
  format: LogFormat,
): void {
  must(startBytes === 0 || log[startBytes - 1] === LF, "a place is a line's");
  must(line.length <= MAX_EVENT_LINE_LENGTH + 1, "only a line's head is kept");
  if (event.kind === "refused") return;
  checkValue(event);
  const end = log.indexOf(LF, startBytes);
  const text = isRecordFormat(format)
    ? line
    : LATIN1.decode(log.subarray(startBytes, end));
  must(isSaidBy(text, event), `a line says ${event.kind} itself`);
  const written = writeEvent(event, format);
  must(
    written !== undefined &&
      areAlike(parseLine(ENCODER.encode(written), format), event),
    `${event.kind} is read as it is written`,
  );
}

/** Whether a line contains the event's jail and address literally. */
function isSaidBy(text: string, event: LogEvent): boolean {
  const isLong = event.kind === "action_failed";
  if (!isLong && !/^[ -~]*$/.test(text)) return false;
  switch (event.kind) {
    case "ban":
      return text.endsWith(`[${event.jail}] Ban ${event.address}`);
    case "unban":
      return text.endsWith(`[${event.jail}] Unban ${event.address}`);
    case "restore":
      return text.endsWith(`[${event.jail}] Restore Ban ${event.address}`);
    case "repeal":
      return text.endsWith(`[${event.jail}] Repeal Ban ${event.address}`);
    case "increase":
      return text.includes(`[${event.jail}] Increase Ban ${event.address} (`);
    case "action_failed":
      return text.includes(`execute ${event.verb} jail '${event.jail}' action`);
    case "jail_started":
    case "jail_stopped":
      return text.includes(`'${event.jail}'`);
    default:
      return true;
  }
}

/**
 * Checks that only logged events are shared, and that held ones are limited and
 * come out in the end.
 */
function checkSession(events: readonly LogEvent[]): void {
  const session = new RestartFilter({
    unbanHoldMs: HOLD_MS,
    maxHeld: MAX_HELD,
    sharesIncreases: true,
  });
  const tickets = new Set<string>();
  const checkShared = (shared: readonly Detection[]) => {
    for (const found of shared) {
      const { jail, address } = found;
      const { lastsMs = 0 } = found.kind === "ban" ? found : {};
      must(jail !== CLUSTER_JAIL, "the cluster's own jail is not shared");
      must(tickets.has(`${jail} ${address}`), "what is shared was said");
      must(lastsMs >= 0, "a ban lasts some time");
    }
  };
  events.forEach((event, index) => {
    if ("jail" in event && "address" in event) {
      tickets.add(`${event.jail} ${event.address}`);
    }
    const state = STATES[index % STATES.length] ?? "unknown";
    const id = String(index).padStart(16, "0") as EventId;
    checkShared(session.push(event, state, index, id));
    must(session.heldCount <= MAX_HELD, "what is held is bounded");
    must(
      (session.heldCount === 0) === (session.nextDeadlineMs() === undefined),
      "what is held has an end",
    );
  });
  checkShared(session.tick(events.length + HOLD_MS));
  must(session.heldCount === 0, "nothing is held for ever");
}
