/**
 * Broken ways to append to the shared log, each with one defect: a test of
 * several publishers proves that it would notice them.
 *
 * @module
 */

import type { Clock } from "../../../lib/async/clock.ts";
import type { SharedLog } from "../../../lib/engine/shared_log.ts";

/** The writes of a log, which a broken log replaces. */
export type LogWrites = Pick<SharedLog, "append" | "beat">;

type Break = (log: LogWrites, clock: Clock) => LogWrites;

/** Delay of a record's write after its answer, in milliseconds. */
const LATE_MS = 200;

/** Broken logs by defect. */
export const BROKEN_LOGS = {
  "is as it should be": (log) => log,
  "compares nothing": (log) => ({
    async append(record, seen, signal) {
      let outcome = await log.append(record, seen, signal);
      while (!outcome.isWritten) {
        const { versions } = outcome.view;
        outcome = await log.append(record, versions, signal);
      }
      return outcome;
    },
    beat(beat, seen, signal) {
      // A leader that is always believed need not wait for the result.
      log.beat(beat, seen, signal).catch(() => {});
      return Promise.resolve(true);
    },
  }),
  "answers before it has a record": (log, clock) => {
    const { signal: never } = new AbortController();
    let written: Promise<number | undefined> = Promise.resolve(undefined);
    return {
      append(record, seen) {
        const late = clock.delay(LATE_MS, never);
        const before = written;
        written = (async () => {
          await late;
          const head = await before ?? seen.head;
          const outcome = await log.append(record, { ...seen, head }, never);
          return outcome.isWritten ? outcome.versions.head : undefined;
        })();
        return Promise.resolve({ isWritten: true, versions: seen });
      },
      beat: (beat, seen, signal) => log.beat(beat, seen, signal),
    };
  },
} satisfies Readonly<Record<string, Break>>;

/** The name of a defect. */
export type BrokenLogName = keyof typeof BROKEN_LOGS;
