/**
 * Lengthens bans that recur, on any node.
 *
 * A report says how long its node bans. A ban of the same address in the same
 * jail recurs if it begins soon after the previous one ended, and each time it
 * lasts longer by a factor. The publisher reports the later end itself, under
 * the origin `grown`; the node's own end stays as reported.
 *
 * @module
 */

import type { Ban, Change } from "./ban.ts";
import { evolve, withoutExpired } from "./ban_decision.ts";
import { isDerivedOrigin } from "../base/operator_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** How recurring bans are lengthened. */
export interface Growth {
  /**
   * A ban recurs if it begins within this time after the previous one ended, in
   * milliseconds.
   */
  readonly withinMs: number;
  /**
   * Above 1: each recurrence lasts this many times as long as the one before.
   */
  readonly factor: number;
  /** Longest duration to which a ban grows, in milliseconds. */
  readonly maxMs: number;
}

/** Gives the growth of a jail; `undefined`: no growth. */
export type GrowthOf = (jail: JailName) => Growth | undefined;

/** Lets no ban last longer than its nodes report. */
export const NO_GROWTH: GrowthOf = () => undefined;

/** Maximum number of changes of a ban that are replayed. */
export const MAX_PAST_CHANGES = 300;

/** A reported ban, and how often it occurred before. */
export interface ToldBan {
  readonly times: number;
  /** When the node made the ban, in milliseconds since 1970. */
  readonly madeMs: number;
  /** When the node ends it, in milliseconds since 1970. */
  readonly expiresMs: number;
}

/**
 * Computes the end of a recurring ban.
 *
 * @returns In milliseconds since 1970; `undefined`: not later than reported.
 *
 * @example
 * ```ts
 * import { grownEndMs } from "./ban_growth.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const growth = { withinMs: 86_400_000, factor: 4, maxMs: 3_600_000 };
 * const told = { madeMs: 0, expiresMs: 600_000 };
 * strictEqual(grownEndMs(growth, { ...told, times: 0 }), undefined);
 * strictEqual(grownEndMs(growth, { ...told, times: 1 }), 2_400_000);
 * strictEqual(grownEndMs(growth, { ...told, times: 2 }), 3_600_000);
 * ```
 */
export function grownEndMs(
  { factor, maxMs }: Growth,
  { times, madeMs, expiresMs }: ToldBan,
): number | undefined {
  const grownMs = Math.min((expiresMs - madeMs) * factor ** times, maxMs);
  const endMs = madeMs + grownMs;
  return endMs > expiresMs ? endMs : undefined;
}

/** A ban that has ended. */
interface Over {
  readonly beganMs: number;
  readonly endedMs: number;
  /** Somebody lifted it: neither this ban nor any before it counts. */
  readonly isForgiven: boolean;
}

interface Standing {
  readonly ban: Ban;
  readonly beganMs: number;
  readonly wasInForce: boolean;
}

/**
 * Counts the previous occurrences of a ban, each of which followed the one
 * before it within `withinMs`.
 *
 * @param changes The changes of one ban, in order.
 * @param nowMs Milliseconds since 1970, by the clock of the changes.
 * @param growth Gives `withinMs`.
 * @param when `again`: a node reports it now; `so far`: count for the current
 * ban.
 */
export function timesBefore(
  changes: readonly Change[],
  nowMs: number,
  { withinMs }: Growth,
  when: "again" | "so far",
): number {
  const past = new PastOfBan();
  for (const change of changes) past.take(change);
  let nextMs = past.beginning(nowMs, when);
  let times = 0;
  for (const { beganMs, endedMs, isForgiven } of past.over.toReversed()) {
    if (isForgiven || nextMs - endedMs > withinMs) break;
    times++;
    nextMs = beganMs;
  }
  return times;
}

/** Replays the changes of a ban. */
class PastOfBan {
  /** The ended bans that were in force, in order. */
  readonly over: Over[] = [];
  #standing: Standing | undefined;

  take(change: Change): void {
    const { atMs } = change;
    this.#expire(atMs);
    const isNode = change.kind === "report" && !isDerivedOrigin(change.origin);
    if (isNode) this.#split(atMs);
    const before = this.#standing;
    const ban = evolve(before?.ban, change);
    if (ban === undefined) {
      this.#end(atMs, change.kind === "lift");
      return;
    }
    const { beganMs = atMs, wasInForce = false } = before ?? {};
    this.#standing = {
      ...{ ban, beganMs },
      wasInForce: wasInForce || !ban.isPending,
    };
  }

  /** When the current ban began, or the one that begins now. */
  beginning(nowMs: number, when: "again" | "so far"): number {
    this.#expire(nowMs);
    if (when === "again") this.#split(nowMs);
    return this.#standing?.beganMs ?? nowMs;
  }

  #expire(atMs: number): void {
    if (this.#standing === undefined) return;
    const { ban } = this.#standing;
    const left = withoutExpired(ban, atMs);
    if (left !== undefined) {
      this.#standing = { ...this.#standing, ban: left };
      return;
    }
    const ends = ban.reports.map(({ expiresMs }) => expiresMs);
    this.#end(Math.max(...ends), false);
  }

  /**
   * If only derived reports keep a ban alive, the new report begins another
   * ban.
   */
  #split(atMs: number): void {
    const before = this.#standing;
    const isGrown =
      before?.ban.reports.every(({ origin }) => isDerivedOrigin(origin)) ??
        false;
    if (before === undefined || !isGrown) return;
    this.#end(atMs, false);
    this.#standing = { ...before, beganMs: atMs };
  }

  #end(endedMs: number, isForgiven: boolean): void {
    if (this.#standing?.wasInForce === true) {
      const { beganMs } = this.#standing;
      this.over.push({ beganMs, endedMs, isForgiven });
    }
    this.#standing = undefined;
  }
}
