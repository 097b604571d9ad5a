/**
 * How much longer a ban holds that comes again, on any node.
 *
 * A report says how long its node bans. A ban of the address in that jail
 * comes again when it begins soon after the one before was over, and each time
 * it holds a factor longer. The publisher reports that longer end itself, under
 * the origin `grown`: the node's own end stays as it was told.
 *
 * @module
 */

import type { Ban, Change } from "./ban.ts";
import { evolve, withoutExpired } from "./ban_decision.ts";
import { isDerivedOrigin } from "../base/operator_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** How much longer bans hold that come again. */
export interface Growth {
  /** A ban comes again when it begins within this time after the one before ended, in milliseconds. */
  readonly withinMs: number;
  /** Above 1: each time a ban holds so many times as long as the time before. */
  readonly factor: number;
  /** No ban holds longer than this because it came again, in milliseconds. */
  readonly maxMs: number;
}

/** Gives the growth of a jail; `undefined`: none. */
export type GrowthOf = (jail: JailName) => Growth | undefined;

/** No ban holds longer than its nodes say. */
export const NO_GROWTH: GrowthOf = () => undefined;

/** Changes of a ban that are looked at. */
export const MAX_PAST_CHANGES = 300;

/** What a report says, and how often the ban was there before. */
export interface ToldBan {
  readonly times: number;
  /** When its node made the ban, in milliseconds since 1970. */
  readonly madeMs: number;
  /** When its node ends it, likewise. */
  readonly expiresMs: number;
}

/**
 * When a ban ends that came again.
 *
 * @returns In milliseconds since 1970; `undefined`: not later than was told.
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

/** A ban that is over. */
interface Over {
  readonly beganMs: number;
  readonly endedMs: number;
  /** Somebody lifted it: it counts no more, and nothing before it. */
  readonly isForgiven: boolean;
}

interface Standing {
  readonly ban: Ban;
  readonly beganMs: number;
  readonly wasInForce: boolean;
}

/**
 * How often a ban was there before, each time within the time after the one
 * before.
 *
 * @param changes Of one ban, in their order.
 * @param nowMs Milliseconds since 1970, by their clock.
 * @param growth Within which time.
 * @param when `again`: a node reports it now; `so far`: of the ban that stands.
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
  /** Those that were in force, in order. */
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

  /** When the ban began that stands, or that begins now. */
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

  /** Only because it grew does it stand: what is reported now is another. */
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
