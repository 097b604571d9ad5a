/**
 * Tells an operator how the whole cluster is.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { SharedTurns } from "../async/shared_turns.ts";
import type { BanHub } from "../ban/ban_hub.ts";
import type { BanStep } from "../ban/ban_table.ts";
import type { BanStore } from "../ban/ban_store.ts";
import type { LiveNode } from "../wire/operator_messages.ts";
import { wordsOf } from "../wire/operator_bans.ts";
import {
  type ClusterStatus,
  type LastHour,
  MAX_RULES,
  type NodeCounts,
} from "../wire/operator_status.ts";
import { EnforcementView, type EnforcingNodes } from "./enforcement_view.ts";
import { HourTally } from "./hour_tally.ts";
import type { RefusedReport } from "./refused_report.ts";

/** Options for {@link StatusService}. */
export interface StatusServiceOptions {
  readonly hub: Pick<BanHub, "table" | "storeTrouble">;
  readonly store: Pick<BanStore, "receipts">;
  readonly nodes: EnforcingNodes & { live(): readonly LiveNode[] };
  /** The publisher's version. */
  readonly version: string;
  /** Where lists are read. @default {[]} */
  readonly lists?: readonly string[];
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly turns: SharedTurns;
  /** How long ago the publisher was backed up, in milliseconds; `null`: never. */
  readonly backupAgoMs: () => Promise<number | null>;
}

/** Bans between two looks at the clock. */
const CLOCK_STEPS = 16;
/** Kinds of what is counted; a rule has no space in it. */
const BEGAN = "ban began";
const ENDED = "ban ended";

/** Tells how the cluster is; the publisher runs since this was made. */
export class StatusService {
  readonly #options: StatusServiceOptions;
  readonly #startMs: number;
  readonly #tally: HourTally;

  /** @param options See {@link StatusServiceOptions}. */
  constructor(options: StatusServiceOptions) {
    this.#options = options;
    this.#startMs = options.clock.monotonicMs();
    this.#tally = new HourTally(options.clock);
  }

  /** Counts what became of bans. */
  noteSteps(steps: readonly BanStep[]): void {
    for (const { before, after } of steps) {
      const was = before?.isPending === false;
      const is = after?.isPending === false;
      if (!was && is) this.#tally.note(BEGAN);
      if (was && !is) this.#tally.note(ENDED);
    }
  }

  /** Counts a report that was refused. */
  noteRefused({ rule }: RefusedReport): void {
    this.#tally.note(rule);
  }

  /**
   * Tells how the cluster is.
   *
   * @param signal Ends it.
   */
  async status(signal: AbortSignal): Promise<ClusterStatus> {
    const { hub, nodes, version, lists = [], clock, backupAgoMs } =
      this.#options;
    const sum = await this.#sum(signal);
    const { bans, waiting, ...enforced } = sum;
    return {
      version,
      upMs: Math.round(clock.monotonicMs() - this.#startMs),
      bans,
      waiting,
      change: hub.table.seq,
      storeTrouble: wordsOf(hub.storeTrouble ?? ""),
      backupAgoMs: await backupAgoMs(),
      nodes: countsOf(nodes.live()),
      enforced,
      lastHour: this.#lastHour(),
      lists,
    };
  }

  /** Looks at each ban: what `bans --not-enforced` lists must add up to this. */
  async #sum(signal: AbortSignal) {
    const { hub: { table }, store, nodes, turns } = this.#options;
    const view = new EnforcementView(store, nodes);
    const all = table.bans();
    let [bans, waiting, inForce, expected, observed] = [0, 0, 0, 0, 0];
    let isDone = false;
    while (!isDone) {
      await turns.take(signal, (isOver) => {
        for (let steps = 1; !isDone; steps++) {
          const { done, value: ban } = all.next();
          isDone = done === true;
          if (ban === undefined) return;
          if (ban.isPending) waiting++;
          else bans++;
          const count = view.count(ban);
          inForce += count.enforced;
          expected += count.expected;
          observed += count.observed;
          if (steps % CLOCK_STEPS === 0 && isOver()) return;
        }
      });
    }
    const sums = { inForce, expected, observed };
    return {
      bans,
      waiting,
      ...sums,
      nodes: view.size,
      observers: view.observers,
    };
  }

  #lastHour(): LastHour {
    const { spanMs } = this.#tally;
    const counts = new Map(this.#tally.counts());
    const taken = (kind: string) => {
      const count = counts.get(kind) ?? 0;
      counts.delete(kind);
      return count;
    };
    const [began, ended] = [taken(BEGAN), taken(ENDED)];
    const refused = [...counts].map(([rule, count]) => ({ rule, count }))
      .toSorted((left, right) =>
        right.count - left.count || (left.rule < right.rule ? -1 : 1)
      );
    return { spanMs, began, ended, refused: refused.slice(0, MAX_RULES) };
  }
}

function countsOf(nodes: readonly LiveNode[]): NodeCounts {
  const counts = { ok: 0, silent: 0, away: 0, never: 0, aside: 0 };
  for (const { state } of nodes) counts[state]++;
  return counts;
}
