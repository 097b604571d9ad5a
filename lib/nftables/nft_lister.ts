/**
 * Lists the cluster's table, set by set where the whole takes too long.
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

/** Options for {@link NftLister}. */
export interface NftListerOptions {
  readonly program: NftProgram;
  readonly clock: Clock;
  readonly table: NftTable;
  /** Held during own changes, and during a short list: each change makes nft start its list again. */
  readonly changing: Mutex;
  /** First timeout for listing one set, in milliseconds; doubled after each timeout. */
  readonly timeoutMs: number;
}

/** A list that takes longer than this does not hold back changes. */
const HOLD_LIMIT_MS = 1_000;
const TIMEOUT_LIMIT_MS = 600_000;
/** The timeout is at least this many times the duration of the last list of a set. */
const PATIENCE = 4;

/** Lists one table. One call at a time. */
export class NftLister {
  readonly #options: NftListerOptions;
  /** Sets, or the table, that take too long to hold back changes meanwhile. */
  readonly #slow = new Set<NftSet | "table">();
  #timeoutMs: number;

  /** @param options The table, and how to list it. */
  constructor(options: NftListerOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs;
  }

  /** Lists the table's sets without their elements. @throws {RuntimeError} when nft fails. */
  async sets(signal: AbortSignal): Promise<readonly NftSet[]> {
    const { program, table, timeoutMs } = this.#options;
    const args = ["--json", "--terse", "list", "sets"];
    const outcome = await program.call({ args, timeoutMs }, signal);
    demandNft(outcome, table);
    return this.#read(() => parseNftSetNames(outcome.stdout, table));
  }

  /** Lists all bans in force. @throws {RuntimeError} when nft fails or is late. */
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

  /** Lists while own changes wait. @returns `undefined` when that takes too long. */
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
