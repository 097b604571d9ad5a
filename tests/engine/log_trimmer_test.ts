import { deepStrictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { LogTrimmer } from "../../lib/engine/log_trimmer.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";

const MIB = 1024 * 1024;
const INTERVAL_MS = 10_000;

function trimming(bounds: { keptRecords?: number; keptBytes?: number }) {
  const clock = new ManualClock();
  const trimmed: number[] = [];
  const failures: Error[] = [];
  const stop = new AbortController();
  const trimmer = new LogTrimmer({
    ...bounds,
    clock,
    log: {
      trim: (upTo) => {
        const failure = failures.shift();
        if (failure !== undefined) return Promise.reject(failure);
        trimmed.push(upTo);
        return Promise.resolve();
      },
    },
  });
  const running = trimmer.run(stop.signal).catch(() => {});
  return {
    ...{ clock, trimmed, trimmer, failures },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

Deno.test("so many records are kept, and more go by the thousand", async () => {
  await using all = trimming({ keptRecords: 5_000 });
  const { clock, trimmed, trimmer } = all;
  for (const last of [5_999, 6_000, 6_500, 9_000]) {
    trimmer.note(last, 10);
    await clock.advance(INTERVAL_MS);
  }
  deepStrictEqual(trimmed, [1_000, 4_000]);
});

Deno.test("so many bytes are kept, however few records they are, and what fails is done the next time", async () => {
  await using all = trimming({ keptBytes: 16 * MIB });
  const { clock, trimmed, trimmer, failures } = all;
  for (let index = 1; index <= 16; index++) trimmer.note(index, MIB);
  await clock.advance(INTERVAL_MS);
  deepStrictEqual(trimmed, []);
  for (let index = 17; index <= 24; index++) trimmer.note(index, MIB);
  await clock.advance(INTERVAL_MS);
  deepStrictEqual(trimmed, [8]);
  for (let index = 25; index <= 28; index++) trimmer.note(index, MIB);
  failures.push(new RuntimeError("silent"));
  await clock.advance(INTERVAL_MS);
  deepStrictEqual(trimmed, [8]);
  for (let index = 29; index <= 32; index++) trimmer.note(index, MIB);
  await clock.advance(INTERVAL_MS);
  deepStrictEqual(trimmed, [8, 16]);
});
