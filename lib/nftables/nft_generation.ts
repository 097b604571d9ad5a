/**
 * The generation of the kernel's firewall: the number that each change of
 * whatever table, by whomever, makes one greater.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { type FirewallEvents, TableChanges } from "./nft_events.ts";
import { NFT_TABLE, type NftTable } from "./nft_names.ts";

/** Gives the number of changes that the firewall of this network has seen. */
export interface FirewallGeneration {
  /**
   * Asks the kernel.
   *
   * @returns 32 bits, and then 0 again; `undefined`: it can't be asked.
   */
  read(): number | undefined;
}

/** Options for a watch. */
export interface GenerationWatchOptions {
  /** Tells what others change; without it each change may be of the table. */
  readonly events?: FirewallEvents | undefined;
  /** The table. @default {NFT_TABLE} */
  readonly table?: NftTable;
}

/**
 * Tells whether anybody else changed the table since it was looked at. Own
 * changes are counted; one of which nobody knows whether it was made counts as
 * another's. Others' changes are heard of, but for those made during an own one,
 * of which the kernel would tell each element, too: where as many were told as
 * the generation says that there were, it is known what they did.
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
  /** What others did since the last {@link GenerationWatch.mark}. */
  #changes: TableChanges;
  /** Whether that is all. */
  #hasHeardAll = false;
  /** The generation before an own change. */
  #before: number | undefined;
  /** Changes made by this program itself. */
  #own = 0;
  /** The generation that was seen, less the own changes until then. */
  #seen: number | undefined;

  /**
   * @param source Asks; without one everything may have changed at any time.
   * @param options Who tells of changes.
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

  /** What to hand to {@link GenerationWatch.seen} once all that was in force now is known. */
  mark(): number | undefined {
    this.#events?.open();
    this.#hasHeardAll = true;
    this.#hear();
    this.#changes = new TableChanges(this.#table);
    return this.#now();
  }

  /** All that was in force when `mark` was taken is known. */
  seen(mark: number | undefined): void {
    this.#seen = mark;
  }

  /** This program is about to make a change. */
  begin(): void {
    if (this.#events === undefined) return;
    this.#hear();
    this.#events.close();
    this.#before = this.#source?.read();
  }

  /**
   * This program made the change that it began, or none.
   *
   * @param isMade Whether it was made.
   */
  ended(isMade: boolean): void {
    if (isMade) this.#own++;
    if (this.#events === undefined) return;
    this.#events.open();
    const expected = ((this.#before ?? NaN) + Number(isMade)) >>> 0;
    // What another did meanwhile was not heard.
    if (this.#source?.read() !== expected) this.#hasHeardAll = false;
  }

  /** This program may have made the change that it began. */
  mayHaveChanged(): void {
    this.#own++;
    this.#seen = undefined;
    this.#events?.open();
  }

  /** Whether for certain nobody else changed anything of the table since what was seen. */
  isUnchanged(): boolean {
    const deleted = this.#explained();
    if (deleted?.size !== 0) return false;
    this.#forgetHeard();
    return true;
  }

  /**
   * What others took out of the table since what was seen, once.
   *
   * @returns `undefined` when they may have done something else, too.
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

  /** What others' changes took out, where nothing else was done. */
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
