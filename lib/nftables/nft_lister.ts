/**
 * Lists what is in the cluster's table, in parts where that takes long.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Mutex } from "../async/mutex.ts";
import { RuntimeError } from "../base/errors.ts";
import {
  type ListedNftSet,
  nftHint,
  nftReason,
  parseNftListing,
  parseNftSetNames,
} from "./nft_listing.ts";
import { type NftSet, nftSetParts, type NftTable } from "./nft_names.ts";
import {
  NftLateError,
  type NftOutcome,
  type NftProgram,
} from "./nft_program.ts";

/** Options for what lists a table. */
export interface NftListerOptions {
  readonly program: NftProgram;
  readonly clock: Clock;
  readonly table: NftTable;
  /** Held while this program changes the firewall, and by a list that is over soon: each change has nft begin anew. */
  readonly changing: Mutex;
  /** First timeout of the list of one set, in milliseconds; twice as long after each that it was too short for. */
  readonly timeoutMs: number;
}

/** A list that takes longer goes on beside changes. */
const HOLD_LIMIT_MS = 1_000;
const TIMEOUT_LIMIT_MS = 600_000;
/** A timeout is not shorter than this many times what the last list of a set took. */
const PATIENCE = 4;

/** Lists one table, one list at a time. */
export class NftLister {
  readonly #options: NftListerOptions;
  /** What takes too long to hold back changes. */
  readonly #slow = new Set<NftSet | "table">();
  #timeoutMs: number;

  /** @param options Of which table. */
  constructor(options: NftListerOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs;
  }

  /** The sets that there are; what is in them is not listed. @throws {RuntimeError} when they can't be. */
  async sets(signal: AbortSignal): Promise<readonly NftSet[]> {
    const { program, table, timeoutMs } = this.#options;
    const args = ["--json", "--terse", "list", "sets"];
    const outcome = await program.call({ args, timeoutMs }, signal);
    demandNft(outcome, table);
    return this.#read(() => parseNftSetNames(outcome.stdout, table));
  }

  /** All that is in force. @throws {RuntimeError} when it can't be listed, now. */
  async list(signal: AbortSignal): Promise<readonly ListedNftSet[]> {
    const sets = await this.sets(signal);
    const hasParts = sets.some((set) => nftSetParts(set).part !== undefined);
    if (!hasParts && !this.#slow.has("table")) {
      const all = await this.#held("table", ["table"], signal);
      if (all !== undefined) return all;
    }
    const listed: ListedNftSet[] = [];
    for (const set of sets) listed.push(...await this.#listSet(set, signal));
    return listed;
  }

  async #listSet(
    set: NftSet,
    signal: AbortSignal,
  ): Promise<readonly ListedNftSet[]> {
    if (!this.#slow.has(set)) {
      const listed = await this.#held(set, ["set", set], signal);
      if (listed !== undefined) return listed;
    }
    const { clock } = this.#options;
    const timeoutMs = this.#timeoutMs;
    const beganMs = clock.monotonicMs();
    try {
      const listed = await this.#call(["set", set], timeoutMs, signal);
      const tookMs = clock.monotonicMs() - beganMs;
      this.#expect(PATIENCE * tookMs);
      if (tookMs < HOLD_LIMIT_MS / PATIENCE) this.#slow.delete(set);
      return listed;
    } catch (error) {
      if (error instanceof NftLateError) this.#expect(2 * timeoutMs);
      throw error;
    }
  }

  /** Lists while nothing is changed. @returns `undefined` when that takes too long. */
  async #held(
    what: NftSet | "table",
    words: readonly ["table"] | readonly ["set", NftSet],
    signal: AbortSignal,
  ): Promise<readonly ListedNftSet[] | undefined> {
    const { changing } = this.#options;
    const timeoutMs = Math.min(HOLD_LIMIT_MS, this.#options.timeoutMs);
    try {
      return await changing.withLock(
        signal,
        () => this.#call(words, timeoutMs, signal),
      );
    } catch (error) {
      if (!(error instanceof NftLateError)) throw error;
      this.#slow.add(what);
      return undefined;
    }
  }

  async #call(
    [kind, ...set]: readonly ["table"] | readonly ["set", NftSet],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<readonly ListedNftSet[]> {
    const { clock, program, table } = this.#options;
    const nowMs = clock.nowMs();
    const args = ["--json", "list", kind, "inet", table, ...set];
    const outcome = await program.call({ args, timeoutMs }, signal);
    if (!outcome.ok && /No such file or directory/.test(outcome.stderr)) {
      return [];
    }
    demandNft(outcome, table);
    return this.#read(() => parseNftListing(outcome.stdout, nowMs));
  }

  #expect(timeoutMs: number): void {
    const { timeoutMs: leastMs } = this.#options;
    const wantedMs = Math.max(leastMs, timeoutMs);
    this.#timeoutMs = Math.min(TIMEOUT_LIMIT_MS, wantedMs);
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const { table } = this.#options;
      throw new RuntimeError(
        `nft lists what nobody can read: ${error.message}`,
        {
          hint: `nft --json list table inet ${table} shows it`,
          cause: error,
        },
      );
    }
  }
}

/** @throws {RuntimeError} when nft failed. */
export function demandNft(outcome: NftOutcome, table: NftTable): void {
  if (outcome.ok) return;
  const reason = nftReason(outcome.stderr);
  throw new RuntimeError(`nft failed: ${reason}`, {
    hint: nftHint(reason, table),
  });
}
