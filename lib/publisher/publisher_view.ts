/**
 * What other parts of the program see of a publisher.
 *
 * @module
 */

import type { BanHub, BanHubCounters, KeptChange } from "../ban/ban_hub.ts";
import type { StoredReceipt } from "../ban/ban_store.ts";
import type { BanStep } from "../ban/ban_table.ts";
import type { BanCount } from "../ban/table_columns.ts";
import type { StoredImport } from "../ban/import_records.ts";
import type { Epoch } from "../base/ids.ts";
import type { RefusedReport } from "../operators/refused_report.ts";
import type { LiveNode } from "../wire/operator_status.ts";

/** A read-only view of the table. */
export interface PublisherView {
  readonly table: BanHub["table"];
  /**
   * Why nothing can be stored; `undefined` while the last attempt succeeded.
   */
  readonly storeTrouble: string | undefined;
  /**
   * Time of the table's clock, in milliseconds since 1970, and how far the
   * system's clock is ahead of it.
   */
  readonly time: { readonly nowMs: number; readonly aheadMs: number };
}

/** The values of a publisher at a moment. */
export interface PublisherState {
  readonly seq: number;
  readonly epoch: Epoch;
  /** The hub's totals since the start. */
  readonly counters: Readonly<BanHubCounters>;
  /** Number of events that wait to be stored. */
  readonly waiting: number;
  readonly nodes: readonly LiveNode[];
  readonly imports: readonly StoredImport[];
}

/** Receives events of the publisher. Never throws, never waits. */
export interface PublisherObserver {
  /** The bans at the start; called once, before all others. */
  noteTable(bans: readonly BanCount[]): void;
  /** A transaction was committed; `tookMs` is its duration in milliseconds. */
  noteCommit(tookMs: number): void;
  /** Changes were stored. */
  noteKept(kept: readonly KeptChange[]): void;
  /** Bans, or reports of them, expired. */
  noteExpired(steps: readonly BanStep[]): void;
  /** A report was finally refused. */
  noteRefused(refused: RefusedReport): void;
  /** Receipts arrived. */
  noteReceipts(receipts: readonly StoredReceipt[]): void;
  /** The operator `by` acted; `verb` is the action in the audit. */
  noteDeed(verb: string, by: string): void;
}
