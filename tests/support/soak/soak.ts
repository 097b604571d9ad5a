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
  /** The same has the same faults happen to the same programs and hosts. */
  readonly seed: number;
  /** Takes each line of what is told. */
  readonly say: (line: string) => void;
}

/** What came of a soak. */
export interface SoakResult {
  readonly faults: number;
  /** Bans that fail2bans took, and those that were for one that was away. */
  readonly taken: number;
  readonly refused: number;
  /** Bans in force at the end. */
  readonly bans: number;
  /** What did not agree at the end, and programs that ended by themselves. */
  readonly troubles: readonly string[];
  readonly memory: ReadonlyMap<string, MemoryCourse>;
}

const FAULT_EVERY_MS = 20_000;
const LOOK_EVERY_MS = 5_000;
/** All are the same so long after the last fault, in milliseconds on a quiet machine: drift is looked for every 15 s, and not for 30 s after a start. */
const AGREE_MS = 120_000;

/** Has hosts ban, a fault happen every 20 seconds, and looks whether all agree at the end. */
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

/** Looks until all agree, or nobody would wait any longer. */
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
