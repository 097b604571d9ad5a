/**
 * Corrects the ends of bans that were reported before their rows were in
 * fail2ban's database.
 *
 * @module
 */

import { keyOf } from "../ban/ban.ts";
import type { BanExpiry, EstimatedEnd } from "./ban_expiry.ts";
import type { DetectedBan } from "./restart_filter.ts";
import { Condition } from "../async/tasks.ts";
import type { Clock } from "../async/clock.ts";

/** Options for {@link EndCorrection}. */
export interface EndCorrectionOptions {
  /** Looks for rows. */
  readonly ends: Pick<BanExpiry, "endInRow">;
  readonly clock: Clock;
  /**
   * Maximum number of awaited rows; above it the oldest is given up.
   * @default {50000}
   */
  readonly maxAwaited?: number;
}

/** A ban, and when fail2ban made it. */
export interface MadeBan extends DetectedBan {
  /** In milliseconds since 1970; `undefined`: unknown. */
  readonly madeMs: number | undefined;
}

/** A ban whose end is now known. */
export interface CorrectedEnd {
  /** The ban. */
  readonly ban: MadeBan;
  /** The end that was reported, in milliseconds since 1970. */
  readonly reportedMs: number;
  /** When it ends, in milliseconds since 1970. */
  readonly endsMs: number;
}

/** Interval between looks while a row may come at any moment. */
const LOOK_INTERVAL_MS = 50;
/** Interval between looks once all rows have been awaited for a while. */
const SLOW_LOOK_INTERVAL_MS = 500;
/** A row is expected within this time, in milliseconds. */
const SOON_MS = 2_000;
/**
 * If no awaited row has come for this long, none will come, in milliseconds.
 */
const ROW_TIMEOUT_MS = 60_000;
/**
 * On a busy host rows come late, in order; later ones are not awaited, in
 * milliseconds.
 */
const MAX_ROW_TIMEOUT_MS = 600_000;
/** Maximum rows per look; a row costs some 30 us in total. */
const MAX_LOOKS = 500;

interface Awaited {
  readonly ban: MadeBan;
  readonly end: Required<Pick<EstimatedEnd, "endsMs" | "awaits">>;
  readonly sinceMs: number;
}

/** Waits for rows and passes on the ends that they contain. */
export class EndCorrection {
  readonly #options: EndCorrectionOptions;
  readonly #awaited = new Map<string, Awaited>();
  readonly #changed = new Condition();
  #watchedMs = -Infinity;
  #foundMs = -Infinity;

  /** @param options See {@link EndCorrectionOptions}. */
  constructor(options: EndCorrectionOptions) {
    this.#options = options;
  }

  /** Number of awaited rows. */
  get awaited(): number {
    return this.#awaited.size;
  }

  /** Records a reported ban; replaces its earlier record. */
  watch(ban: MadeBan, { endsMs, awaits }: EstimatedEnd): void {
    const key = keyOf(ban);
    this.#awaited.delete(key);
    if (awaits === undefined) return;
    const sinceMs = this.#watchedMs = this.#options.clock.monotonicMs();
    this.#awaited.set(key, { ban, end: { endsMs, awaits }, sinceMs });
    if (this.#awaited.size > (this.#options.maxAwaited ?? 50_000)) {
      const [oldest] = this.#awaited.values();
      if (oldest !== undefined) this.#giveUp(oldest);
    }
    this.#changed.notify();
  }

  /** Stops waiting for a ban's row: the ban was lifted. */
  forget(ban: Pick<DetectedBan, "jail" | "address">): void {
    this.#awaited.delete(keyOf(ban));
  }

  /**
   * Looks for rows until aborted.
   *
   * @param inTurn Keeps this work apart from other reports.
   * @param correct Receives each end that becomes known.
   * @param signal Ends it.
   */
  async run(
    inTurn: (work: () => Promise<void>) => Promise<void>,
    correct: (known: CorrectedEnd) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock } = this.#options;
    while (true) {
      if (this.#awaited.size === 0) {
        await this.#changed.wait(signal);
        continue;
      }
      const isSoon = clock.monotonicMs() - this.#watchedMs < SOON_MS;
      const intervalMs = isSoon ? LOOK_INTERVAL_MS : SLOW_LOOK_INTERVAL_MS;
      await clock.delay(intervalMs, signal);
      const found = this.#look();
      if (found.length === 0) continue;
      await inTurn(async () => {
        for (const { each, endsMs } of found) {
          const { ban, end } = each;
          // It was lifted or made anew meanwhile.
          if (this.#awaited.get(keyOf(ban)) !== each) continue;
          this.#awaited.delete(keyOf(ban));
          await correct({ ban, reportedMs: end.endsMs, endsMs });
        }
      });
    }
  }

  /**
   * Looks for the next rows in rotation; gives up those awaited for too long.
   */
  #look(): readonly { readonly each: Awaited; readonly endsMs: number }[] {
    const nowMs = this.#options.clock.monotonicMs();
    const found: { each: Awaited; endsMs: number }[] = [];
    for (const [key, each] of [...this.#awaited].slice(0, MAX_LOOKS)) {
      const endsMs = this.#options.ends.endInRow(each.ban, each.end.awaits);
      if (endsMs !== undefined) {
        found.push({ each, endsMs });
        this.#foundMs = nowMs;
      } else if (this.#isLost(each, nowMs)) {
        this.#giveUp(each);
      } else {
        this.#awaited.delete(key);
        this.#awaited.set(key, each);
      }
    }
    return found;
  }

  #isLost({ sinceMs }: Awaited, nowMs: number): boolean {
    return nowMs - Math.max(sinceMs, this.#foundMs) >= ROW_TIMEOUT_MS ||
      nowMs - sinceMs >= MAX_ROW_TIMEOUT_MS;
  }

  #giveUp({ ban, end }: Awaited): void {
    this.#awaited.delete(keyOf(ban));
    end.awaits.tellAssumed?.();
  }
}
