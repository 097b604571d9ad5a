/**
 * Counts events at the publisher, for its metrics.
 *
 * @module
 */

import { type Ban, isOperatorsLift, keyOf } from "../ban/ban.ts";
import type { KeptChange } from "../ban/ban_hub.ts";
import type { StoredReceipt } from "../ban/ban_store.ts";
import type { BanStep } from "../ban/ban_table.ts";
import type { BanCount } from "../ban/table_columns.ts";
import { canonicalHost, type HostName, sameHost } from "../base/host_name.ts";
import { isPageActor } from "../members/page_visit.ts";
import type { RefusedReport } from "../operators/refused_report.ts";
import { JailCounts } from "./jail_counts.ts";
import { LabelledCounts } from "./labelled_counts.ts";
import type { DurationSink } from "./sample.ts";

/** Options for {@link PublisherTally}. */
export interface PublisherTallyOptions {
  /** The publisher's name: the origin of lifts by the allowlist. */
  readonly hostName: HostName;
  /** `undefined`: nobody can ask for durations. */
  readonly durations: DurationSink | undefined;
  /** Receives operators' actions. @default {nobody} */
  readonly onDeed?: (verb: string) => void;
}

/** Why a ban ended. */
export type LiftedBy = "end" | "withdraw" | "node" | "operator" | "allowlist";

/** Maximum number of combinations of node and rule. */
const MAX_REFUSALS = 2_000;
const MAX_VERBS = 64;
/** Receipts of older bans say nothing about the cluster's speed. */
const FRESH_MS = 60_000;
/** Maximum number of bans with measured durations at a time. */
const MAX_FRESH = 10_000;

/** Counts since the start. */
export class PublisherTally {
  /** Current bans by jail. */
  readonly jails = new JailCounts();
  /** Refused reports by node and rule. */
  readonly refused = new LabelledCounts(["node", "rule"], MAX_REFUSALS);
  /** Bans that ended, by reason. */
  readonly lifted = new LabelledCounts<"by">(["by"], 8);
  /** Operators' actions. */
  readonly deeds = new LabelledCounts<"verb" | "by">(["verb", "by"], MAX_VERBS);
  readonly #options: PublisherTallyOptions;
  /** When recent bans were stored, by their keys, oldest first. */
  readonly #fresh = new Map<string, number>();

  /** @param options See {@link PublisherTallyOptions}. */
  constructor(options: PublisherTallyOptions) {
    this.#options = options;
  }

  /** Counts the bans at the start. */
  noteTable(bans: readonly BanCount[]): void {
    this.jails.begin(bans);
  }

  /** Records the duration of a batch's commit, in milliseconds. */
  noteCommit(tookMs: number): void {
    const name = "f2bc_publisher_commit_duration_seconds";
    this.#options.durations?.observe(name, tookMs / 1_000);
  }

  /** Counts stored changes. */
  noteKept(kept: readonly KeptChange[]): void {
    for (const step of kept) {
      const { change, before, after } = step;
      this.jails.note(step);
      if (counts(after) && !counts(before)) {
        this.#begin(keyOf(change), change.atMs);
      } else if (counts(before) && after === undefined) {
        this.#fresh.delete(keyOf(change));
        this.lifted.note([this.#lifterOf(step)]);
      }
    }
  }

  /** Counts expired bans. */
  noteExpired(steps: readonly BanStep[]): void {
    for (const step of steps) {
      this.jails.note(step);
      if (counts(step.before) && step.after === undefined) {
        this.lifted.note(["end"]);
      }
    }
  }

  /** Counts a refused report. */
  noteRefused({ node, rule }: RefusedReport): void {
    this.refused.note([canonicalHost(node), rule]);
  }

  /** Measures how long bans took, by receipts as they arrive. */
  noteReceipts(receipts: readonly StoredReceipt[]): void {
    for (const receipt of receipts) {
      if (receipt.outcome !== "applied") continue;
      const storedMs = this.#fresh.get(keyOf(receipt));
      if (storedMs === undefined) continue;
      const tookMs = Math.max(0, receipt.atMs - storedMs);
      if (tookMs > FRESH_MS) continue;
      const node = canonicalHost(receipt.node);
      const name = "f2bc_publisher_applied_delay_seconds";
      this.#options.durations?.observe(name, tookMs / 1_000, { node });
    }
  }

  /** Counts an operator's action. */
  noteDeed(verb: string, by: string): void {
    this.deeds.note([verb, isPageActor(by) ? "page" : "cli"]);
    this.#options.onDeed?.(verb);
  }

  #begin(key: string, atMs: number): void {
    for (const [oldest, sinceMs] of this.#fresh) {
      if (atMs - sinceMs <= FRESH_MS) break;
      this.#fresh.delete(oldest);
    }
    if (this.#fresh.size < MAX_FRESH) this.#fresh.set(key, atMs);
  }

  #lifterOf({ change }: KeptChange): LiftedBy {
    if (change.kind === "report") return "end";
    if (change.kind === "withdraw") return "withdraw";
    if (isOperatorsLift(change)) return "operator";
    const { hostName } = this.#options;
    return sameHost(change.by, hostName) ? "allowlist" : "node";
  }
}

function counts(ban: Ban | undefined): boolean {
  return ban?.isPending === false;
}
