/**
 * Reports the status of the whole cluster to operators.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { SharedTurns } from "../async/shared_turns.ts";
import { Condition } from "../async/tasks.ts";
import type { BanHub, KeptChange } from "../ban/ban_hub.ts";
import type { TableStep } from "../ban/ban_table.ts";
import type { BanStore, StoredReceipt } from "../ban/ban_store.ts";
import { RuntimeError } from "../base/errors.ts";
import type { LiveNode } from "../wire/operator_status.ts";
import { wordsOf } from "../wire/operator_bans.ts";
import {
  type ClusterStatus,
  type LastHour,
  MAX_RULES,
  type NodeCounts,
  type ThreadPercents,
} from "../wire/operator_status.ts";
import { EnforcementTally } from "./enforcement_tally.ts";
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
  /** URLs of this publisher's lists. @default {[]} */
  readonly lists?: readonly string[];
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly turns: SharedTurns;
  /**
   * Time since the publisher's last backup, in milliseconds; `null` for never.
   */
  readonly backupAgoMs: () => Promise<number | null>;
  /** Load of the threads; `undefined` when unknown. @default {unknown} */
  readonly threads?: () => ThreadPercents | undefined;
}

/** Bans between two clock readings. */
const CLOCK_STEPS = 16;
/** Kinds that can't clash with a rule: rules contain no space. */
const BEGAN = "ban began";
const ENDED = "ban ended";

/** Reports the status; uptime counts from the creation of this object. */
export class StatusService {
  readonly #options: StatusServiceOptions;
  readonly #startMs: number;
  readonly #hour: HourTally;
  readonly #tally: EnforcementTally;
  readonly #counted = new Condition();
  /**
   * Progress of the count at the start; an error is the reason why it failed.
   */
  #counting: "begun" | "done" | RuntimeError = "begun";

  /** @param options See {@link StatusServiceOptions}. */
  constructor(options: StatusServiceOptions) {
    this.#options = options;
    this.#startMs = options.clock.monotonicMs();
    this.#hour = new HourTally(options.clock);
    this.#tally = new EnforcementTally(options.hub.table);
  }

  /**
   * Counts the bans in force from the store; afterwards, changes update the
   * counts.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#countAll(signal);
      this.#counting = "done";
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#counting = error;
    }
    this.#counted.notify();
    await new Condition().wait(signal);
  }

  /** Counts the effects of stored changes. */
  noteKept(kept: readonly KeptChange[]): void {
    this.#tally.noteKept(kept);
    this.#noteSteps(kept);
  }

  /** Counts the effects of expired bans. */
  noteExpired(steps: readonly TableStep[]): void {
    for (const step of steps) this.#tally.noteStep(step);
    this.#noteSteps(steps);
  }

  /** Counts receipts that are stored. */
  noteReceipts(receipts: readonly StoredReceipt[]): void {
    this.#tally.noteReceipts(receipts);
  }

  #noteSteps(steps: readonly TableStep[]): void {
    for (const { before, after } of steps) {
      const was = before?.isPending === false;
      const is = after?.isPending === false;
      if (!was && is) this.#hour.note(BEGAN);
      if (was && !is) this.#hour.note(ENDED);
    }
  }

  /** Counts a refused report. */
  noteRefused({ rule }: RefusedReport): void {
    this.#hour.note(rule);
  }

  /**
   * Reports the status, after the count at the start is complete.
   *
   * @param signal Ends it.
   * @throws {RuntimeError} when the store can't be read.
   */
  async status(signal: AbortSignal): Promise<ClusterStatus> {
    const { hub, nodes, version, lists = [], clock, backupAgoMs, threads } =
      this.#options;
    await this.#whenCounted(signal);
    const { bans, waiting, enforced } = await this.#sum(signal);
    return {
      version,
      upMs: Math.round(clock.monotonicMs() - this.#startMs),
      bans,
      waiting,
      change: hub.table.seq,
      storeTrouble: wordsOf(hub.storeTrouble ?? ""),
      backupAgoMs: await backupAgoMs(),
      threads: threads?.() ?? null,
      nodes: countsOf(nodes.live()),
      enforced,
      lastHour: this.#lastHour(),
      lists,
    };
  }

  /** The totals; they must agree with the list of `bans --not-enforced`. */
  async #sum(signal: AbortSignal) {
    const { store, nodes, turns } = this.#options;
    const tally = this.#tally;
    const enforcing = nodes.enforcing();
    const sums = { inForce: 0, expected: 0, observed: 0 };
    let next = 0;
    while (next < enforcing.length) {
      await turns.take(signal, (isOver) => {
        do {
          const node = enforcing[next++];
          if (node === undefined) return;
          const { inForce, expected, observed } = tally.standingAt(node);
          sums.inForce += inForce;
          sums.expected += expected;
          sums.observed += observed;
        } while (next < enforcing.length && !isOver());
      });
    }
    const { size, observers } = new EnforcementView(store, nodes);
    const enforced = { ...sums, nodes: size, observers };
    const { bans, waiting } = tally;
    return { bans, waiting, enforced };
  }

  /** Earlier receipts of a ban are in the store. */
  async #countAll(signal: AbortSignal): Promise<void> {
    const { hub: { table }, store, turns } = this.#options;
    const all = table.bans();
    let isDone = false;
    while (!isDone) {
      await turns.take(signal, (isOver) => {
        for (let steps = 1; !isDone; steps++) {
          const { done, value: ban } = all.next();
          isDone = done === true;
          if (ban === undefined) return;
          if (!this.#tally.has(ban)) {
            this.#tally.add(ban, store.receipts(ban));
          }
          if (steps % CLOCK_STEPS === 0 && isOver()) return;
        }
      });
    }
  }

  async #whenCounted(signal: AbortSignal): Promise<void> {
    while (this.#counting === "begun") await this.#counted.wait(signal);
    if (this.#counting !== "done") throw this.#counting;
  }

  #lastHour(): LastHour {
    const { spanMs } = this.#hour;
    const counts = new Map(this.#hour.counts());
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
