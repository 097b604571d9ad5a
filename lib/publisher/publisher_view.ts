/**
 * What others see of a publisher, and are told of it.
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

/** The table as others may look at it. */
export interface PublisherView {
  readonly table: BanHub["table"];
  /** Why nothing can be stored; `undefined`: it can, as far as was tried. */
  readonly storeTrouble: string | undefined;
  /** By which bans end, in milliseconds since 1970, and how far the system's clock is ahead of that. */
  readonly time: { readonly nowMs: number; readonly aheadMs: number };
}

/** What is known of a publisher at a moment. */
export interface PublisherState {
  readonly seq: number;
  readonly epoch: Epoch;
  /** What the hub did since the start. */
  readonly counters: Readonly<BanHubCounters>;
  /** Events that wait to be stored. */
  readonly waiting: number;
  readonly nodes: readonly LiveNode[];
  readonly imports: readonly StoredImport[];
}

/** Is told what happens. Never throws, never waits. */
export interface PublisherObserver {
  /** So many bans stand at the start; called once, first of all. */
  noteTable(bans: readonly BanCount[]): void;
  /** A transaction took so long, in milliseconds. */
  noteCommit(tookMs: number): void;
  /** Changes are kept. */
  noteKept(kept: readonly KeptChange[]): void;
  /** Bans, or reports of them, are over. */
  noteExpired(steps: readonly BanStep[]): void;
  /** A report was refused for good. */
  noteRefused(refused: RefusedReport): void;
  /** Nodes said what became of bans: as it arrives. */
  noteReceipts(receipts: readonly StoredReceipt[]): void;
  /** An operator did something, by its word in the audit; `by` is who. */
  noteDeed(verb: string, by: string): void;
}
