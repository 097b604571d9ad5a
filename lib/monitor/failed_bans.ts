/**
 * Which bans this host's fail2ban only lists: their action failed,
 * so that the firewall may know nothing of them. And what the publisher is
 * still to be told of that.
 *
 * @module
 */

import { type BanKey, keyOf } from "../ban/ban.ts";
import { OWN_ACTION, type Receipt } from "../ban/receipt.ts";
import type { EchoOracle } from "../enforce/enforcer.ts";
import type { LogEvent } from "../fail2ban/log_line.ts";
import { plainText } from "../wire/v2.ts";
import { agoMs } from "../wire/wire_times.ts";
import type { OwnWord } from "./report_link.ts";
import type { ReportedBans } from "./reported_bans.ts";

/** Options for {@link FailedBans}. */
export interface FailedBansOptions {
  /** What was reported. */
  readonly known: Pick<ReportedBans, "get"> | undefined;
  /** What the subscriber has in this host's fail2ban. Of other bans nothing is told. */
  readonly echoes: EchoOracle | undefined;
  /** Tells the publisher; `undefined`: the protocol can't. */
  readonly tell: ((word: OwnWord) => void) | undefined;
}

/** A ban that fail2ban only lists. */
interface FailedBan {
  /** The cluster's bans that it stands for. */
  readonly bans: readonly BanKey[];
  readonly detail: string;
}

/** Bans that are remembered as failed; above it the oldest is forgotten. */
const MAX_FAILED = 10_000;

/**
 * Tells the publisher of each ban whose action failed, and once fail2ban carries
 * it out after all: at its next `Ban` or `Restore Ban` without a failure.
 */
export class FailedBans {
  readonly #options: FailedBansOptions;
  /** Kept over an `Unban`: a server that stops logs it of bans that the next one restores. */
  readonly #failed = new Map<string, FailedBan>();

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
      const failed = this.#failed.get(keyOf(event));
      if (failed === undefined) return;
      this.#failed.delete(keyOf(event));
      this.#tell(failed.bans, "applied", "", atMs);
    }
  }

  #fail(key: BanKey, detail: string, atMs: number): void {
    const bans = this.#bansOf(key);
    if (bans.length === 0) return;
    this.#failed.set(keyOf(key), { bans, detail });
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > MAX_FAILED && oldest !== undefined) {
      this.#failed.delete(oldest);
    }
    this.#tell(bans, "failed", detail, atMs);
  }

  /** Tells of all of them once more: the publisher has another store. */
  tellAll(atMs: number): void {
    for (const { bans, detail } of this.#failed.values()) {
      this.#tell(bans, "failed", detail, atMs);
    }
  }

  /** The cluster's bans that are one of this host's fail2ban. */
  #bansOf({ jail, address }: BanKey): readonly BanKey[] {
    const { known, echoes } = this.#options;
    if (known?.get({ jail, address })?.state === "reported") {
      return [{ jail, address }];
    }
    const jails = echoes?.reportedJails?.(jail, address) ?? [];
    return jails.map((reported) => ({ jail: reported, address }));
  }

  #tell(
    bans: readonly BanKey[],
    outcome: OwnWord["outcome"],
    detail: string,
    atMs: number,
  ): void {
    const { tell } = this.#options;
    for (const key of bans) {
      tell?.({ ...key, action: OWN_ACTION, outcome, detail, atMs });
    }
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
