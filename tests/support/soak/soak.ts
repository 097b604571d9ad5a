import { SeededRandom } from "../values/seeded_random.ts";
import { pass } from "../host/side_by_side.ts";
import { waitUntil } from "../host/wait_until.ts";
import { type Look, look } from "./soak_agreement.ts";
import { type MemoryCourse, MemoryCourses } from "./memory_course.ts";
import { PROGRAMS, SoakCluster } from "./soak_cluster.ts";
import { chooseFault } from "./soak_faults.ts";
import { SoakLoad } from "./soak_load.ts";

/** Options for a soak. */
export interface SoakOptions {
  readonly minutes: number;
  /** The same seed causes the same faults. */
  readonly seed: number;
  /** Receives each line of output. */
  readonly say: (line: string) => void;
}

/** The result of a soak. */
export interface SoakResult {
  readonly faults: number;
  /**
   * Numbers of bans that fail2bans accepted, and that failed because one was
   * down.
   */
  readonly taken: number;
  readonly refused: number;
  /** Bans in force at the end. */
  readonly bans: number;
  /** Differences at the end, and programs that ended by themselves. */
  readonly troubles: readonly string[];
  readonly memory: ReadonlyMap<string, MemoryCourse>;
}

const FAULT_EVERY_MS = 20_000;
const LOOK_EVERY_MS = 5_000;
/**
 * Time to agreement after the last fault, in milliseconds on a quiet machine:
 * drift checks run every 15 s, and start 30 s after a start.
 */
const AGREE_MS = 120_000;

/**
 * Lets hosts ban, causes a fault every 20 seconds, and checks agreement at the
 * end.
 */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { minutes, seed, say } = options;
  const memory = new MemoryCourses();
  await using soak = await SoakCluster.start();
  await using load = new SoakLoad(soak, new SeededRandom(seed + 1));
  const endMs = performance.now() + minutes * 60_000;
  const random = new SeededRandom(seed);
  const troubles: string[] = [];
  let faults = 0;
  const watching = new AbortController();
  const watched = watchMemory(soak, memory, watching.signal);
  while (performance.now() < endMs && troubles.length === 0) {
    const nextMs = performance.now() + FAULT_EVERY_MS;
    const { what, run } = chooseFault(soak, random);
    say(`${clock()} fault ${++faults}: ${what}`);
    await run();
    await pass(Math.max(0, Math.min(nextMs, endMs) - performance.now()));
    troubles.push(...soak.endedByThemselves());
  }
  await load.end();
  watching.abort();
  await watched;
  const { bans, differences } = await agreement(soak, say);
  troubles.push(...differences, ...soak.endedByThemselves());
  const { taken, refused } = load;
  return { faults, taken, refused, bans, troubles, memory: memory.courses() };
}

/** Repeats the check until all agree or the time is up. */
async function agreement(
  soak: SoakCluster,
  say: (line: string) => void,
): Promise<Look> {
  const sinceMs = performance.now();
  let last: Look = { bans: 0, differences: ["not looked at"] };
  await waitUntil(async () => {
    last = await look(soak);
    return last.differences.length === 0;
  }, { what: "all to agree", timeoutMs: AGREE_MS, intervalMs: 1_000 })
    .then(
      () => say(`${clock()} all agree after ${seconds(sinceMs)} s`),
      () => say(`${clock()} not the same after ${seconds(sinceMs)} s`),
    );
  return last;
}

async function watchMemory(
  soak: SoakCluster,
  memory: MemoryCourses,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    for (const program of PROGRAMS) {
      await memory.look(program.join(" of "), soak.program(program).pid);
    }
    await pass(LOOK_EVERY_MS);
  }
}

function seconds(sinceMs: number): number {
  return Math.round((performance.now() - sinceMs) / 1_000);
}

function clock(): string {
  return new Date().toISOString().slice(11, 19);
}
