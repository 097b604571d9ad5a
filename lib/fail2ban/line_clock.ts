/**
 * When lines of fail2ban's log were written, by this host's clock.
 *
 * fail2ban stamps its lines with local time and no zone. A fail2ban in a
 * container, or one that runs on while the zone is changed, writes another
 * zone's time than this process reads. What was appended just now is what tells:
 * a line that is hours old or early by its stamp all the same comes from another
 * zone or clock, and the difference counts for all that this log says.
 *
 * @module
 */

import { endInLine, hasZone, timeOfLine } from "./line_time.ts";
import type { Log } from "../log/log.ts";

/** Stamps are made a little before their line can be read, in milliseconds. */
const SLACK_MS = 5_000;
/** A line is of now where its file was seen to end without it no longer ago. */
const MAX_WINDOW_MS = 60_000;
/** Zones differ by whole quarters of an hour. */
const ZONE_STEP_MS = 900_000;
/** So far a stamp may be from a whole quarter of an hour, in milliseconds. */
const ZONE_SLACK_MS = 90_000;
/** What is later than this, and no zone's, was brought here late, in milliseconds. */
const MIN_ZONE_MS = 1_800_000;
/** What differs by more than this, in milliseconds, is another clock, if no zone. */
const MIN_CLOCK_MS = 3_600_000;
const HOUR_MS = 3_600_000;

/**
 * Reads stamps, and learns by how much they are off.
 *
 * @example
 * ```ts
 * import { LineClock } from "./line_clock.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const nowMs = new Date("2026-11-22T18:04:14.285").getTime();
 * const lines = new LineClock();
 * lines.follow(nowMs - 250);
 * const line = "2026-11-22 14:04:14,285 fail2ban.actions [9]: NOTICE [sshd] Ban 192.0.2.1";
 * strictEqual(lines.timeOf(line, nowMs), nowMs);
 * strictEqual(lines.offsetMs, 4 * 3_600_000);
 * ```
 */
export class LineClock {
  readonly #log: Log | undefined;
  #offsetMs: number;
  /** The lines that are read now were written later; `undefined`: nobody knows. */
  #afterMs: number | undefined;

  /**
   * @param log Where to tell of another clock.
   * @param offsetMs What was learned before of the same log, in milliseconds.
   */
  constructor(log?: Log, offsetMs = 0) {
    this.#log = log;
    this.#offsetMs = offsetMs;
  }

  /** By how much stamps without a zone are behind this host's clock, in milliseconds. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /**
   * Says what is known of the lines that are read next.
   *
   * @param afterMs When their file was seen to end without them, in
   * milliseconds since 1970; `undefined`: they may be of any time.
   */
  follow(afterMs: number | undefined): void {
    this.#afterMs = afterMs;
  }

  /**
   * Works out when a line was written.
   *
   * @param line The line.
   * @param nowMs Milliseconds since 1970.
   * @returns Milliseconds since 1970; `undefined` where neither the line nor
   * the moment at which it came says so.
   */
  timeOf(line: string, nowMs: number): number | undefined {
    const stampMs = timeOfLine(line, nowMs);
    const isNew = this.#afterMs !== undefined && line !== "" &&
      Math.abs(nowMs - this.#afterMs) <= MAX_WINDOW_MS;
    if (stampMs === undefined) return isNew ? nowMs : undefined;
    if (hasZone(line)) return stampMs;
    if (!isNew) return stampMs + this.#offsetMs;
    const afterMs = Math.min(this.#afterMs ?? nowMs, nowMs) - SLACK_MS;
    const fits = (ms: number) => ms >= afterMs && ms <= nowMs + SLACK_MS;
    const readMs = stampMs + this.#offsetMs;
    if (fits(readMs)) return readMs;
    if (comesTwice(stampMs) && fits(readMs + HOUR_MS)) return readMs + HOUR_MS;
    this.#learn(nowMs - stampMs);
    return stampMs + this.#offsetMs;
  }

  /**
   * Reads until when the ban of an `Increase Ban` line holds.
   *
   * @param line The line.
   * @returns Milliseconds since 1970; `undefined` where the line does not say.
   */
  endIn(line: string): number | undefined {
    const endMs = endInLine(line);
    return endMs === undefined ? undefined : endMs + this.#offsetMs;
  }

  #learn(behindMs: number): void {
    const offsetMs = offsetOf(behindMs);
    if (offsetMs === undefined || offsetMs === this.#offsetMs) return;
    this.#offsetMs = offsetMs;
    if (offsetMs === 0) {
      this.#log?.record("notice", "fail2ban's log is of this zone again");
      return;
    }
    const event =
      "fail2ban's log is stamped by another zone or clock, which is made up for";
    this.#log?.record("warning", event, {
      behindSeconds: Math.round(offsetMs / 1_000),
    });
  }
}

/** What a new line's delay is taken for; `undefined`: it was brought here late. */
function offsetOf(behindMs: number): number | undefined {
  const zoneMs = Math.round(behindMs / ZONE_STEP_MS) * ZONE_STEP_MS;
  const isZone = Math.abs(behindMs - zoneMs) <= ZONE_SLACK_MS;
  if (isZone && (zoneMs === 0 || Math.abs(zoneMs) >= MIN_ZONE_MS)) {
    return zoneMs;
  }
  return Math.abs(behindMs) >= MIN_CLOCK_MS ? behindMs : undefined;
}

/** Whether a local time is in the hour that comes twice, the first time. */
function comesTwice(stampMs: number): boolean {
  const [first, second] = [stampMs, stampMs + HOUR_MS]
    .map((ms) => new Date(ms));
  return first?.getHours() === second?.getHours();
}
