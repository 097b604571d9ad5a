/**
 * The metrics of the process itself.
 *
 * @module
 */

import process from "node:process";
import { type Sample, sample } from "../sample.ts";

const MICROSECONDS = 1_000_000;

/**
 * The current values.
 *
 * @param startedMs When the process was started, in milliseconds since 1970.
 */
export function* processSamples(startedMs: number): Generator<Sample> {
  const { user, system } = process.cpuUsage();
  const { rss } = Deno.memoryUsage();
  yield sample("process_resident_memory_bytes", rss);
  yield sample("process_cpu_seconds_total", (user + system) / MICROSECONDS);
  yield sample("process_start_time_seconds", startedMs / 1_000);
}
