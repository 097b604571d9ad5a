/**
 * Corrects the ends of bans that were reported before fail2ban's database had
 * their rows.
 *
 * @module
 */

import { keyOf } from "../ban/ban.ts";
import type { BanExpiry, EstimatedEnd } from "./ban_expiry.ts";
import type { DetectedBan } from "./restart_filter.ts";
import { Condition } from "../async/tasks.ts";
import type { Clock } from "../async/clock.ts";

/** What ends are corrected with. */
export interface EndCorrectionOptions {
  /** Looks whether rows are there. */
  readonly ends: Pick<BanExpiry, "endInRow">;
  readonly clock: Clock;
  /** Rows that are awaited at once; above it the oldest is given up. @default {50000} */
  readonly maxAwaited?: number;
}

/** A ban, and when fail2ban made it. */
export interface MadeBan extends DetectedBan {
  /** In milliseconds since 1970; `undefined`: nobody says. */
  readonly madeMs: number | undefined;
}

/** A ban whose end is known now. */
export interface CorrectedEnd {
  /** The ban. */
  readonly ban: MadeBan;
  /** The end that was reported, in milliseconds since 1970. */
  readonly reportedMs: number;
  /** When it ends, in milliseconds since 1970. */
  readonly endsMs: number;
}

/** Interval between looks while a row is awaited that may come at any moment. */
const LOOK_INTERVAL_MS = 50;
/** So is it once every row has been awaited for a while. */
const SLOW_LOOK_INTERVAL_MS = 500;
/** A row is expected within this, in milliseconds. */
const SOON_MS = 2_000;
/** After so long without any row that was awaited none comes, in milliseconds. */
const ROW_TIMEOUT_MS = 60_000;
/** On a busy host rows come late, in order; a row later than this is not awaited, in milliseconds. */
const MAX_ROW_TIMEOUT_MS = 600_000;
/** Rows looked for in one go; a look takes some 30 us of everything here. */
const MAX_LOOKS = 500;

interface Awaited {
  readonly ban: MadeBan;
  readonly end: Required<Pick<EstimatedEnd, "endsMs" | "awaits">>;
  readonly sinceMs: number;
}

/** Awaits rows, and gives the ends that they tell. */
export class EndCorrection {
  readonly #options: EndCorrectionOptions;
  readonly #awaited = new Map<string, Awaited>();
  readonly #changed = new Condition();
  #watchedMs = -Infinity;
  #foundMs = -Infinity;

  /** @param options What ends are corrected with. */
  constructor(options: EndCorrectionOptions) {
    this.#options = options;
  }

  /** Rows that are awaited. */
  get awaited(): number {
    return this.#awaited.size;
  }

  /** Takes note of a ban that was reported; replaces what was known of it. */
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

  /** Awaits a ban's row no longer: it was lifted. */
  forget(ban: Pick<DetectedBan, "jail" | "address">): void {
    this.#awaited.delete(keyOf(ban));
  }

  /**
   * Looks for rows until aborted.
   *
   * @param inTurn Lets work not mix with what else is reported.
   * @param correct Takes each end that is known.
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
          // It was lifted, or made anew, meanwhile.
          if (this.#awaited.get(keyOf(ban)) !== each) continue;
          this.#awaited.delete(keyOf(ban));
          await correct({ ban, reportedMs: end.endsMs, endsMs });
        }
      });
    }
  }

  /** Looks for the next rows, round about; those awaited for too long are given up. */
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
