/**
 * Measures how busy the two threads are that all messages pass through:
 * ZeroMQ's I/O thread and the program's own. Each can use one core at most; a
 * thread that uses its whole core limits the program.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import { TroubleLog } from "../log/trouble_log.ts";

/** Processor time that threads have used since their start. */
export interface ThreadTimes {
  /** The program's own, in milliseconds. */
  readonly mainMs: number;
  /** ZeroMQ's I/O thread, in milliseconds. */
  readonly ioMs: number;
}

/** Recent load of threads, in percent of a core. */
export interface BusyThreads {
  /** The program's own. */
  readonly mainPercent: number;
  /** ZeroMQ's I/O thread. */
  readonly ioPercent: number;
}

/** Options for {@link ThreadLoad}. */
export interface ThreadLoadOptions {
  /** Reads the thread times; `undefined`: the system does not report them. */
  readonly times: () => ThreadTimes | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Load from which a thread counts as the limit, in percent of a core. */
export const BUSY_PERCENT = 80;
/** Interval between samples. */
const LOOK_INTERVAL_MS = 1_000;
/** Samples per figure: ten seconds. */
const LOOKS = 10;

interface Look extends ThreadTimes {
  readonly atMs: number;
}

/** Samples thread times regularly in {@link ThreadLoad.run}. */
export class ThreadLoad {
  readonly #options: ThreadLoadOptions;
  readonly #io: TroubleLog;
  readonly #main: TroubleLog;
  readonly #looks: Look[] = [];

  /** @param options See {@link ThreadLoadOptions}. */
  constructor(options: ThreadLoadOptions) {
    this.#options = options;
    this.#io = newTroubleLog(options, "ZeroMQ's I/O thread");
    this.#main = newTroubleLog(options, "the program's own thread");
  }

  /** Load over the last ten seconds; `undefined`: not known. */
  get busy(): BusyThreads | undefined {
    const [first] = this.#looks;
    const last = this.#looks.at(-1);
    if (first === undefined || last === undefined || first === last) {
      return undefined;
    }
    const percent = (name: keyof ThreadTimes) =>
      Math.round((last[name] - first[name]) * 100 / (last.atMs - first.atMs));
    return { mainPercent: percent("mainMs"), ioPercent: percent("ioMs") };
  }

  /**
   * Samples until aborted, and logs once when a thread was the limit for ten
   * seconds.
   *
   * @param signal Stops it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (true) {
      this.#look();
      await clock.delay(LOOK_INTERVAL_MS, signal);
    }
  }

  #look(): void {
    const { times, clock } = this.#options;
    const now = times();
    if (now === undefined) return;
    this.#looks.push({ ...now, atMs: clock.monotonicMs() });
    if (this.#looks.length <= LOOKS) return;
    if (this.#looks.length > LOOKS + 1) this.#looks.shift();
    const busy = this.busy;
    if (busy === undefined) return;
    tell(this.#io, busy.ioPercent);
    tell(this.#main, busy.mainPercent);
  }
}

function newTroubleLog({ log, clock }: ThreadLoadOptions, which: string) {
  return new TroubleLog({
    log,
    clock,
    trouble: `${which} is the limit: messages come later, or are missed`,
    over: `${which} is no longer the limit`,
  });
}

function tell(troubleLog: TroubleLog, percent: number): void {
  if (percent < BUSY_PERCENT) return troubleLog.resolve();
  const reason = `above ${BUSY_PERCENT} % of a core for ten seconds`;
  troubleLog.report(reason, { percent });
}
