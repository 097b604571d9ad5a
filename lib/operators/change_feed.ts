/**
 * Streams changes of bans to operators, from any change that is still stored.
 *
 * Sends a change, and a few soon after it, at once; with continuous changes,
 * sends a step of changes 20 times a second. Each step is made once for all
 * followers. A slow reader gets bigger steps, and one that is far behind is
 * told to start again: nothing is buffered per follower.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition, inTime } from "../async/tasks.ts";
import { keyOf } from "../ban/ban.ts";
import type { BanHub } from "../ban/ban_hub.ts";
import type { BanStore } from "../ban/ban_store.ts";
import type { OperatorBan } from "../wire/operator_bans.ts";
import type { OperatorAnswer } from "../wire/operator_messages.ts";
import {
  MAX_LINE_CHANGES,
  type ToldChanges,
  type ToldKey,
} from "../wire/operator_tail.ts";
import { operatorBan } from "./ban_listing.ts";
import { EnforcementView, type EnforcingNodes } from "./enforcement_view.ts";

/** Options for {@link ChangeFeed}. */
export interface ChangeFeedOptions {
  readonly hub: Pick<BanHub, "table">;
  readonly store: Pick<BanStore, "since" | "keptSince" | "receipts" | "epoch">;
  readonly nodes: EnforcingNodes;
  /** The table's clock. */
  readonly clock: Clock;
  /** How far the system's clock is ahead of the table's, in milliseconds. */
  readonly aheadMs: () => number;
}

/** Interval between steps while changes are continuous. */
export const STEP_MS = 50;
/** Number of steps that may follow each other at once after a pause. */
const BURST = 4;
/**
 * Interval after which an idle stream sends something, so that a dead hub is
 * noticed.
 */
export const BEAT_MS = 15_000;
/** A follower that is more changes behind starts again. */
export const MAX_BEHIND = 2_000;
/** Number of recent steps kept for followers that are slightly behind. */
const KEPT_STEPS = 32;

interface Step {
  readonly from: number;
  readonly told: ToldChanges;
}

/** Streams changes to any number of followers. */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #changed = new Condition();
  #steps: Step[] = [];
  #followers = 0;
  /** Monotonic time of the next step at the earliest. */
  #dueMs = -Infinity;

  /** @param options See {@link ChangeFeedOptions}. */
  constructor(options: ChangeFeedOptions) {
    this.#options = options;
  }

  /** Tells the feed that changes were stored. */
  noteKept(): void {
    if (this.#followers > 0) this.#changed.notify();
  }

  /**
   * Follows the changes.
   *
   * @param since Sequence number of the last change that the follower knows;
   * `null` for the newest.
   * @param signal Ends it.
   * @returns First the change from which the stream starts; then steps, an
   * empty one after an idle interval, and a new start when changes are no
   * longer available.
   * @throws the signal's reason on abort.
   */
  async *follow(
    since: number | null,
    signal: AbortSignal,
  ): AsyncGenerator<OperatorAnswer, void, undefined> {
    const { store: { epoch }, hub: { table } } = this.#options;
    this.#followers++;
    try {
      let at = since !== null && this.#canTellAfter(since) ? since : table.seq;
      yield { kind: "following", epoch, change: at };
      while (true) {
        if (!this.#canTellAfter(at)) {
          at = table.seq;
          yield { kind: "following", epoch, change: at };
        }
        const told = this.#next(at);
        if (told !== undefined) {
          at = told.to;
          yield { kind: "changed", ...told };
        } else if (!await this.#hasMore(at, signal)) {
          yield { kind: "changed", to: at, bans: [], gone: [] };
        }
      }
    } finally {
      if (--this.#followers === 0) this.#steps = [];
    }
  }

  #canTellAfter(at: number): boolean {
    const { store, hub: { table } } = this.#options;
    return at <= table.seq && at >= store.keptSince &&
      table.seq - at <= MAX_BEHIND;
  }

  /** The next step after a change; `undefined` when there is none yet. */
  #next(at: number): ToldChanges | undefined {
    if (at === this.#options.hub.table.seq) return undefined;
    const kept = this.#steps.find(({ from }) => from === at);
    if (kept !== undefined) return kept.told;
    const end = this.#steps.at(-1)?.told.to ?? at;
    // A follower inside a step gets the rest of it, and then shares the others'
    // steps.
    if (at < end) return this.#changes(at, end - at);
    const { clock } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs < this.#dueMs) return undefined;
    const told = this.#changes(at, MAX_LINE_CHANGES);
    this.#dueMs = STEP_MS +
      Math.max(this.#dueMs, nowMs - (BURST - 1) * STEP_MS);
    this.#steps = [...this.#steps.slice(1 - KEPT_STEPS), { from: at, told }];
    return told;
  }

  #changes(at: number, max: number): ToldChanges {
    const { store, nodes, hub: { table }, aheadMs } = this.#options;
    const changes = store.since(at, Math.min(max, MAX_LINE_CHANGES));
    const keys = new Map(
      changes.map(({ address, jail }) => [
        keyOf({ address, jail }),
        { address, jail },
      ]),
    );
    const view = new EnforcementView(store, nodes);
    const [bans, gone]: [OperatorBan[], ToldKey[]] = [[], []];
    for (const key of keys.values()) {
      const ban = table.find(key);
      if (ban === undefined) gone.push(key);
      else bans.push(operatorBan(ban, view, aheadMs()));
    }
    return { to: at + changes.length, bans, gone };
  }

  /**
   * Waits for changes. @returns `false` when none came within {@link BEAT_MS}.
   */
  async #hasMore(at: number, signal: AbortSignal): Promise<boolean> {
    const { clock, hub: { table } } = this.#options;
    if (at !== table.seq) {
      await clock.delay(
        Math.max(0, this.#dueMs - clock.monotonicMs()),
        signal,
      );
      return true;
    }
    return await inTime(clock, BEAT_MS, signal, async (ended) => {
      await this.#changed.wait(ended);
      return true;
    }) ?? false;
  }
}
