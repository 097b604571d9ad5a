/**
 * Counts what happens at the publisher, for its metrics.
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
  /** In whose name the allowlist lifts: the publisher's. */
  readonly hostName: HostName;
  /** `undefined`: nobody can ask how long anything took. */
  readonly durations: DurationSink | undefined;
  /** Hears what operators do. @default {nobody} */
  readonly onDeed?: (verb: string) => void;
}

/** What ended a ban. */
export type LiftedBy = "end" | "withdraw" | "node" | "operator" | "allowlist";

/** Of so many nodes and rules refusals are told apart. */
const MAX_REFUSALS = 2_000;
const MAX_VERBS = 64;
/** Receipts of bans that are older say nothing of how fast the cluster is. */
const FRESH_MS = 60_000;
/** Bans that are waited for at a time; of more it is not told how long they took. */
const MAX_FRESH = 10_000;

/** Counts since the start. */
export class PublisherTally {
  /** Bans by jail, now. */
  readonly jails = new JailCounts();
  /** Refused reports by node and rule. */
  readonly refused = new LabelledCounts(["node", "rule"], MAX_REFUSALS);
  /** Bans that ended, by what ended them. */
  readonly lifted = new LabelledCounts<"by">(["by"], 8);
  /** What operators did. */
  readonly deeds = new LabelledCounts<"verb" | "by">(["verb", "by"], MAX_VERBS);
  readonly #options: PublisherTallyOptions;
  /** When bans that began lately were stored, by their keys, oldest first. */
  readonly #fresh = new Map<string, number>();

  /** @param options See {@link PublisherTallyOptions}. */
  constructor(options: PublisherTallyOptions) {
    this.#options = options;
  }

  /** Hears which bans stand at the start. */
  noteTable(bans: readonly BanCount[]): void {
    this.jails.begin(bans);
  }

  /** Hears how long a batch took to be stored, in milliseconds. */
  noteCommit(tookMs: number): void {
    const name = "f2bc_publisher_commit_duration_seconds";
    this.#options.durations?.observe(name, tookMs / 1_000);
  }

  /** Hears of changes that are kept. */
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

  /** Hears of what is over. */
  noteExpired(steps: readonly BanStep[]): void {
    for (const step of steps) {
      this.jails.note(step);
      if (counts(step.before) && step.after === undefined) {
        this.lifted.note(["end"]);
      }
    }
  }

  /** Hears of a report that was refused. */
  noteRefused({ node, rule }: RefusedReport): void {
    this.refused.note([canonicalHost(node), rule]);
  }

  /** Hears what nodes say, as it arrives. */
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

  /** Hears what an operator did. */
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
