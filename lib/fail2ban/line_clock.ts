/**
 * Determines when lines of fail2ban's log were written, by this host's clock.
 *
 * fail2ban's time stamps are local times without a zone. A fail2ban in a
 * container, or one that keeps running while the zone is changed, writes the
 * time of another zone than this process reads. A line that has just been
 * appended reveals that: if its stamp is hours off, it comes from another zone
 * or clock, and the difference applies to the whole log.
 *
 * @module
 */

import { endInLine, hasZone, timeOfLine } from "./line_time.ts";
import type { Log } from "../log/log.ts";

/**
 * A stamp is a little older than the moment when its line can be read, in
 * milliseconds.
 */
const SLACK_MS = 5_000;
/**
 * A line is new if its file was seen to end without it at most this long ago.
 */
const MAX_WINDOW_MS = 60_000;
/** Zones differ by multiples of a quarter of an hour. */
const ZONE_STEP_MS = 900_000;
/** Tolerance of such a multiple, in milliseconds. */
const ZONE_SLACK_MS = 90_000;
/** Smallest zone difference that counts as one, in milliseconds. */
const MIN_ZONE_MS = 1_800_000;
/**
 * Smallest other difference that counts as another clock, in milliseconds; below
 * that the line was delivered late.
 */
const MIN_CLOCK_MS = 3_600_000;
const HOUR_MS = 3_600_000;

/**
 * Reads stamps, and learns their difference from this host's clock.
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
  /**
   * Lower bound of the write times of the lines being read; `undefined`:
   * unknown.
   */
  #afterMs: number | undefined;

  /**
   * @param log Receives a record of another clock.
   * @param offsetMs The difference learned earlier from the same log, in
   * milliseconds.
   */
  constructor(log?: Log, offsetMs = 0) {
    this.#log = log;
    this.#offsetMs = offsetMs;
  }

  /**
   * Milliseconds by which stamps without a zone are behind this host's clock.
   */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /**
   * Sets the lower bound of the write times of the next lines.
   *
   * @param afterMs When their file was seen to end without them, in
   * milliseconds since 1970; `undefined`: unknown.
   */
  follow(afterMs: number | undefined): void {
    this.#afterMs = afterMs;
  }

  /**
   * Determines when a line was written.
   *
   * @param line The line.
   * @param nowMs Milliseconds since 1970.
   * @returns Milliseconds since 1970; `undefined` if neither the line nor the
   * moment of its arrival tells.
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
   * Reads the end of a ban from an `Increase Ban` line.
   *
   * @param line The line.
   * @returns Milliseconds since 1970; `undefined` if the line does not say.
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

/**
 * The clock difference that explains a new line's delay; `undefined`: it was
 * delivered late.
 */
function offsetOf(behindMs: number): number | undefined {
  const zoneMs = Math.round(behindMs / ZONE_STEP_MS) * ZONE_STEP_MS;
  const isZone = Math.abs(behindMs - zoneMs) <= ZONE_SLACK_MS;
  if (isZone && (zoneMs === 0 || Math.abs(zoneMs) >= MIN_ZONE_MS)) {
    return zoneMs;
  }
  return Math.abs(behindMs) >= MIN_CLOCK_MS ? behindMs : undefined;
}

/** Whether a local time is in the hour that occurs twice, the first time. */
function comesTwice(stampMs: number): boolean {
  const [first, second] = [stampMs, stampMs + HOUR_MS]
    .map((ms) => new Date(ms));
  return first?.getHours() === second?.getHours();
}
