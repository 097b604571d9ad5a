/**
 * Tells operators which bans change, after any change that is still known.
 *
 * A change is told at once, and so are a few that come soon after it; where
 * they go on, they are told together, 20 times a second. Each such step is made once for
 * all who follow. Whoever reads slowly gets more in a step, and whoever is far
 * behind is told to begin anew: nothing is held for anybody.
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
  /** How far the system's clock is ahead of that, in milliseconds. */
  readonly aheadMs: () => number;
}

/** Time between two steps where changes come all the time. */
export const STEP_MS = 50;
/** Steps that may follow each other at once after a while without any. */
const BURST = 4;
/** Whoever follows hears something after this time, so that a dead hub is noticed. */
export const BEAT_MS = 15_000;
/** Whoever is behind by more begins anew. */
export const MAX_BEHIND = 2_000;
/** Steps that are kept for whoever is a little behind. */
const KEPT_STEPS = 32;

interface Step {
  readonly from: number;
  readonly told: ToldChanges;
}

/** Tells whoever follows. */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #changed = new Condition();
  #steps: Step[] = [];
  #followers = 0;
  /** When the next step may be made, by the monotonic clock. */
  #dueMs = -Infinity;

  /** @param options See {@link ChangeFeedOptions}. */
  constructor(options: ChangeFeedOptions) {
    this.#options = options;
  }

  /** Hears that changes are kept. */
  noteKept(): void {
    if (this.#followers > 0) this.#changed.notify();
  }

  /**
   * Follows the changes.
   *
   * @param since The number of the last change that is known; `null`: the last there is.
   * @param signal Ends it.
   * @returns From where they are told; then steps, an empty one where nothing
   * changed for a while, and again from where they are told when some can't be.
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

  /** The next step after a change; `undefined`: there is none yet. */
  #next(at: number): ToldChanges | undefined {
    if (at === this.#options.hub.table.seq) return undefined;
    const kept = this.#steps.find(({ from }) => from === at);
    if (kept !== undefined) return kept.told;
    const end = this.#steps.at(-1)?.told.to ?? at;
    // Whoever follows from the midst of a step goes on where the others are.
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

  /** Waits until there is more to tell; not for longer than until it is time to say that there is none. */
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
