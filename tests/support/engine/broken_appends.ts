/**
 * Ways to append to the shared log that are broken, each in one thing: by them
 * a test of several publishers shows that it would notice.
 *
 * @module
 */

import type { Clock } from "../../../lib/async/clock.ts";
import type { SharedLog } from "../../../lib/engine/shared_log.ts";

/** Writes of a log, which a broken one has others of. */
export type LogWrites = Pick<SharedLog, "append" | "beat">;

type Break = (log: LogWrites, clock: Clock) => LogWrites;

/** So long after its answer a record is written, in milliseconds. */
const LATE_MS = 200;

/** By what is wrong. */
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
      // Whoever is believed need not wait for what comes of it.
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

/** What is wrong. */
export type BrokenLogName = keyof typeof BROKEN_LOGS;
