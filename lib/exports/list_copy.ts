/**
 * The latest copy of a list. It is made on request, and again after the table
 * has changed or a ban in it has ended.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Mutex } from "../async/mutex.ts";
import type { SharedTurns } from "../async/shared_turns.ts";
import {
  type ListTable,
  type ListTime,
  renderingList,
} from "./list_rendering.ts";
import type { ListRules } from "./list_rules.ts";

/** The publisher's current table, as far as lists use it. */
export interface ListSource {
  readonly table: ListTable & {
    /** The sequence number of its last change. */
    readonly seq: number;
  };
  /**
   * Why nothing can be stored; `undefined`: storing works, as far as is known.
   */
  readonly storeTrouble: string | undefined;
  /** The present time for the ends of bans. */
  readonly time: ListTime;
}

/** A finished list. */
export interface MadeList {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Number of addresses and networks in it. */
  readonly entries: number;
  /** Entity tag of its bytes, without quotes. */
  readonly tag: string;
}

/** Options for {@link ListCopy}. */
export interface ListCopyOptions {
  readonly rules: ListRules;
  readonly clock: Pick<Clock, "monotonicMs" | "delay">;
  /** Shared by all lists, because only one is made at a time. */
  readonly mutex: Mutex;
  readonly turns: SharedTurns;
  /** Aborts the making of a list. */
  readonly signal: AbortSignal;
}

/**
 * The pause after making a list is as long as that took, but at most this long,
 * in milliseconds.
 */
const MAX_PAUSE_MS = 2_000;
/** Number of bytes compressed in a turn. */
const GZIP_BYTES = 32_768;

interface Kept extends MadeList {
  /** Sequence number of the table when it was begun. */
  readonly seq: number;
  /** By the table's clock. */
  readonly untilMs: number;
  /** By the monotonic clock. */
  readonly againMs: number;
}

/** Keeps one list. */
export class ListCopy {
  readonly #options: ListCopyOptions;
  #kept: Kept | undefined;
  #making: Promise<Kept> | undefined;
  #gzip: { readonly tag: string; readonly bytes: Promise<Gzip> } | undefined;
  /** How often the list was made. */
  made = 0;

  /** @param options See {@link ListCopyOptions}. */
  constructor(options: ListCopyOptions) {
    this.#options = options;
  }

  /**
   * Returns the latest copy; requests during its making share it.
   *
   * @throws the signal's reason on abort.
   * @throws {RuntimeError} when it can't be made.
   */
  async newest(source: ListSource): Promise<MadeList> {
    const kept = this.#kept;
    const stands = kept?.seq === source.table.seq &&
      source.time.nowMs < kept.untilMs;
    if (stands) return kept;
    this.#making ??= this.#make(source).finally(() => {
      this.#making = undefined;
    });
    return await this.#making;
  }

  /** The compressed bytes of a copy, which all requests share. */
  async gzipOf({ tag, bytes }: MadeList): Promise<Gzip> {
    if (this.#gzip?.tag !== tag) {
      this.#gzip = { tag, bytes: this.#compress(bytes) };
    }
    return await this.#gzip.bytes;
  }

  async #make(source: ListSource): Promise<Kept> {
    const { rules, mutex, clock, signal } = this.#options;
    // Leaves time for other work, however often bans change and lists are
    // requested.
    const waitMs = (this.#kept?.againMs ?? 0) - clock.monotonicMs();
    if (waitMs > 0) await clock.delay(waitMs, signal);
    return await mutex.withLock(signal, async () => {
      const startMs = clock.monotonicMs();
      const { table, table: { seq }, time } = source;
      const steps = renderingList(rules, table, time);
      const { bytes, entries, untilMs } = await this.#take(steps);
      const tag = await tagOf(bytes);
      this.made++;
      const endMs = clock.monotonicMs();
      const againMs = endMs + Math.min(endMs - startMs, MAX_PAUSE_MS);
      if (this.#gzip?.tag !== tag) this.#gzip = undefined;
      return this.#kept = { bytes, entries, tag, seq, untilMs, againMs };
    });
  }

  async #take<T>(steps: Generator<undefined, T, undefined>): Promise<T> {
    const { turns, signal } = this.#options;
    while (true) {
      const last = await turns.take(signal, (isOver) => {
        while (true) {
          const step = steps.next();
          if (step.done === true || isOver()) return step;
        }
      });
      if (last.done === true) return last.value;
    }
  }

  async #compress(bytes: Uint8Array<ArrayBuffer>): Promise<Gzip> {
    const { turns, signal } = this.#options;
    const { readable, writable } = new CompressionStream("gzip");
    const compressed = new Response(readable).arrayBuffer();
    const writer = writable.getWriter();
    try {
      for (let at = 0; at < bytes.length; at += GZIP_BYTES) {
        const part = bytes.subarray(at, at + GZIP_BYTES);
        await turns.take(signal, () => {});
        await writer.write(part);
      }
      await writer.close();
    } catch (error) {
      this.#gzip = undefined;
      await Promise.allSettled([writer.abort(error), compressed]);
      throw error;
    }
    return new Uint8Array(await compressed);
  }
}

/** Bytes in the gzip format (RFC 1952). */
export type Gzip = Uint8Array<ArrayBuffer>;

async function tagOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(digest).toHex().slice(0, 32);
}
