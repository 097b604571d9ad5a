/**
 * The generation of the kernel's firewall: a number that grows by one with
 * each transaction on any table.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { type FirewallEvents, TableChanges } from "./nft_events.ts";
import { NFT_TABLE, type NftTable } from "./nft_names.ts";

/** Reads the firewall's generation in this network namespace. */
export interface FirewallGeneration {
  /**
   * Asks the kernel.
   *
   * @returns An unsigned number of 32 bits that wraps around; `undefined`: the
   * kernel can't be asked.
   */
  read(): number | undefined;
}

/** Options for {@link GenerationWatch}. */
export interface GenerationWatchOptions {
  /** Tells what others change; without it, each change may concern the table. */
  readonly events?: FirewallEvents | undefined;
  /** The table. @default {NFT_TABLE} */
  readonly table?: NftTable;
}

/**
 * Tells whether anybody else changed the table since the last list. It counts
 * this program's own changes; an own change with an unknown outcome counts as
 * another's. It listens for others' changes except during own ones, whose
 * elements the kernel would report as well. When it heard as many transactions
 * as the generation grew by, it knows all that others did.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert/strict";
 * import { GenerationWatch } from "./nft_generation.ts";
 *
 * let generation = 7;
 * const watch = new GenerationWatch({ read: () => generation });
 * watch.seen(watch.mark());
 * watch.begin();
 * generation++; // by this program itself
 * watch.ended(true);
 * strictEqual(watch.isUnchanged(), true);
 * generation++;
 * strictEqual(watch.isUnchanged(), false);
 * ```
 */
export class GenerationWatch {
  readonly #source: FirewallGeneration | undefined;
  readonly #events: FirewallEvents | undefined;
  readonly #table: NftTable;
  /** Others' changes since the last {@link GenerationWatch.mark}. */
  #changes: TableChanges;
  /** Whether no notification was missed since then. */
  #hasHeardAll = false;
  /** The generation before the own change under way. */
  #before: number | undefined;
  /** Number of own changes. */
  #own = 0;
  /** The generation of the last list, less the own changes until then. */
  #seen: number | undefined;

  /**
   * @param source Reads the generation; without it, the table may have changed at any time.
   * @param options Source of notifications, and the table.
   */
  constructor(
    source: FirewallGeneration | undefined,
    { events, table = NFT_TABLE }: GenerationWatchOptions = {},
  ) {
    this.#source = source;
    this.#events = events;
    this.#table = table;
    this.#changes = new TableChanges(table);
  }

  /** Marks the beginning of a list. @returns What to pass to {@link GenerationWatch.seen} when it has ended. */
  mark(): number | undefined {
    this.#events?.open();
    this.#hasHeardAll = true;
    this.#hear();
    this.#changes = new TableChanges(this.#table);
    return this.#now();
  }

  /** The list that began at `mark` is complete. */
  seen(mark: number | undefined): void {
    this.#seen = mark;
  }

  /** An own change begins. */
  begin(): void {
    if (this.#events === undefined) return;
    this.#hear();
    this.#events.close();
    this.#before = this.#source?.read();
  }

  /**
   * The own change has ended, with a known outcome.
   *
   * @param isMade Whether it was made.
   */
  ended(isMade: boolean): void {
    if (isMade) this.#own++;
    if (this.#events === undefined) return;
    this.#events.open();
    const expected = ((this.#before ?? NaN) + Number(isMade)) >>> 0;
    // Somebody else changed something while nobody listened.
    if (this.#source?.read() !== expected) this.#hasHeardAll = false;
  }

  /** The own change has ended, and its outcome is unknown. */
  mayHaveChanged(): void {
    this.#own++;
    this.#seen = undefined;
    this.#events?.open();
  }

  /** Whether certainly nobody else changed the table since the last list. */
  isUnchanged(): boolean {
    const deleted = this.#explained();
    if (deleted?.size !== 0) return false;
    this.#forgetHeard();
    return true;
  }

  /**
   * The addresses that others deleted since the last list or call.
   *
   * @returns `undefined` when others may have changed something else, too.
   */
  takeDeleted(): readonly Address[] | undefined {
    const deleted = this.#explained();
    if (deleted !== undefined) this.#forgetHeard();
    return deleted && [...deleted];
  }

  #now(): number | undefined {
    const generation = this.#source?.read();
    return generation === undefined
      ? undefined
      : (generation - this.#own) >>> 0;
  }

  #hear(): void {
    const changes = this.#changes;
    const isAll = this.#events?.drain((messages) => changes.take(messages));
    if (isAll !== true) this.#hasHeardAll = false;
  }

  /** What others deleted; `undefined`: they may have changed something else, too. */
  #explained(): ReadonlySet<Address> | undefined {
    const now = this.#now();
    if (now === undefined || this.#seen === undefined) return undefined;
    if (now === this.#seen) return NOTHING;
    this.#hear();
    const { transactions, hasOthers, deleted } = this.#changes;
    const isAll = this.#hasHeardAll && !hasOthers &&
      transactions === (now - this.#seen) >>> 0;
    return isAll ? deleted : undefined;
  }

  #forgetHeard(): void {
    this.#seen = this.#seen === undefined
      ? undefined
      : (this.#seen + this.#changes.transactions) >>> 0;
    this.#changes = new TableChanges(this.#table);
  }
}

const NOTHING: ReadonlySet<Address> = new Set();
