/**
 * Which of this host's own bans its fail2ban only lists: their action failed,
 * so that the firewall may know nothing of them. And what the publisher is
 * still to be told of that.
 *
 * @module
 */

import { type BanKey, keyOf } from "../ban/ban.ts";
import { OWN_ACTION, type Receipt } from "../ban/receipt.ts";
import type { LogEvent } from "../fail2ban/log_line.ts";
import { plainText } from "../wire/v2.ts";
import { agoMs } from "../wire/wire_times.ts";
import type { OwnWord } from "./report_link.ts";
import type { ReportedBans } from "./reported_bans.ts";

/** Options for {@link FailedBans}. */
export interface FailedBansOptions {
  /** What was reported: of other bans nothing is told. */
  readonly known: Pick<ReportedBans, "get"> | undefined;
  /** Tells the publisher; `undefined`: the protocol can't. */
  readonly tell: ((word: OwnWord) => void) | undefined;
}

/** Bans that are remembered as failed; above it the oldest is forgotten. */
const MAX_FAILED = 10_000;

/**
 * Tells the publisher of each ban whose action failed, and once fail2ban carries
 * it out after all: at its next `Ban` or `Restore Ban` without a failure.
 */
export class FailedBans {
  readonly #options: FailedBansOptions;
  readonly #failed = new Set<string>();

  /** @param options See {@link FailedBansOptions}. */
  constructor(options: FailedBansOptions) {
    this.#options = options;
  }

  /** Takes an event of the log, after it was reported. @param atMs When, in milliseconds since 1970. */
  note(event: LogEvent, atMs: number): void {
    if (event.kind === "action_failed") {
      const { verb, jail, address, action } = event;
      if (verb === "unban" || address === undefined) return;
      const failed = action === undefined ? "an action" : `action ${action}`;
      const detail = `${failed} of jail ${jail} failed: fail2ban only lists it`;
      this.#fail({ jail, address }, detail, atMs);
    } else if (event.kind === "ban" || event.kind === "restore") {
      if (!this.#failed.delete(keyOf(event))) return;
      const { jail, address } = event;
      this.#tell({ jail, address }, "applied", "", atMs);
    } else if (event.kind === "unban") this.#failed.delete(keyOf(event));
  }

  #fail(key: BanKey, detail: string, atMs: number): void {
    if (this.#options.known?.get(key)?.state !== "reported") return;
    this.#failed.add(keyOf(key));
    const [oldest] = this.#failed;
    if (this.#failed.size > MAX_FAILED && oldest !== undefined) {
      this.#failed.delete(oldest);
    }
    this.#tell(key, "failed", detail, atMs);
  }

  #tell(
    key: BanKey,
    outcome: OwnWord["outcome"],
    detail: string,
    atMs: number,
  ): void {
    const { tell } = this.#options;
    tell?.({ ...key, action: OWN_ACTION, outcome, detail, atMs });
  }
}

/** Some words, as they are sent. */
export interface OwnWordBatch {
  readonly batch: number;
  readonly results: readonly Receipt[];
}

interface WaitingWord {
  readonly word: OwnWord;
  /** It is sent once so many reports are settled: the publisher knows its ban then. */
  readonly after: number;
}

/** Their numbers are not those of events, which are answered in the same way. */
const FIRST_BATCH = 1_000_000_000;
const MAX_WAITING = 20_000;

/** Keeps the last word about each ban until it is answered, one batch on its way at a time. */
export class OwnWords {
  readonly #waiting = new Map<string, WaitingWord>();
  #inFlight: ReadonlyMap<string, WaitingWord> | undefined;
  #batch = FIRST_BATCH;

  /** Whether some are on their way. */
  get isInFlight(): boolean {
    return this.#inFlight !== undefined;
  }

  /** Adds a word; above a bound the oldest is dropped. */
  add(word: OwnWord, after: number): void {
    const key = keyOf(word);
    this.#waiting.delete(key);
    this.#waiting.set(key, { word, after });
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > MAX_WAITING && oldest !== undefined) {
      this.#waiting.delete(oldest);
    }
  }

  /**
   * The next words to send.
   *
   * @param settled How many reports are settled.
   * @param max How many words at most.
   * @param nowMs By the host's clock.
   * @returns `undefined` when there are none, or some are on their way.
   */
  next(
    settled: number,
    max: number,
    nowMs: number,
  ): OwnWordBatch | undefined {
    if (this.isInFlight) return undefined;
    const taken = new Map(
      this.#waiting.entries().filter(([, { after }]) => after <= settled)
        .take(max),
    );
    if (taken.size === 0) return undefined;
    this.#inFlight = taken;
    const results = Array.from(
      taken.values(),
      ({ word: { atMs, detail, ...word } }) => ({
        ...word,
        detail: plainText(detail),
        agoMs: agoMs(atMs, nowMs),
      }),
    );
    return { batch: ++this.#batch, results };
  }

  /** An answer came. @returns Whether it was to the words on their way. */
  acknowledge(batch: number): boolean {
    if (this.#inFlight === undefined || batch !== this.#batch) return false;
    for (const [key, sent] of this.#inFlight) {
      if (this.#waiting.get(key) === sent) this.#waiting.delete(key);
    }
    this.#inFlight = undefined;
    return true;
  }

  /** Nobody knows whether those on their way arrived: they are sent again. */
  rewind(): void {
    this.#inFlight = undefined;
  }
}
