import { processUsage } from "../host/process_usage.ts";

/** The memory of a program over time, from its longest-running process. */
export interface MemoryCourse {
  /** Seconds of observation. */
  readonly seconds: number;
  /** Last resident memory, in MiB. */
  readonly lastMib: number;
  /** Peak of all its processes, in MiB. */
  readonly mostMib: number;
  /**
   * Growth in MiB an hour by least squares, without the first minute. `null`
   * when it did not run longer.
   */
  readonly mibPerHour: number | null;
}

const MIB = 1 << 20;
/** Warm-up time of a program, in milliseconds. */
const WARM_MS = 60_000;
const HOUR_MS = 3_600_000;

interface Sample {
  readonly atMs: number;
  readonly mib: number;
}

/** Samples the memory of programs that are restarted. */
export class MemoryCourses {
  readonly #samples = new Map<string, Map<number, Sample[]>>();

  /** Takes a sample of a program's process. */
  async look(name: string, pid: number): Promise<void> {
    const usage = await processUsage(pid).catch((error: unknown) => {
      // It has just ended.
      if (error instanceof Error) return undefined;
      throw error;
    });
    if (usage === undefined) return;
    const processes = this.#samples.getOrInsertComputed(name, () => new Map());
    const samples = processes.getOrInsertComputed(pid, () => []);
    samples.push({ atMs: performance.now(), mib: usage.residentBytes / MIB });
  }

  /** The results by program name. */
  courses(): ReadonlyMap<string, MemoryCourse> {
    return new Map(
      [...this.#samples].map(([name, processes]) => [
        name,
        courseOf([...processes.values()]),
      ]),
    );
  }
}

function courseOf(processes: readonly (readonly Sample[])[]): MemoryCourse {
  const longest =
    processes.toSorted((one, other) =>
      durationMs(other) - durationMs(one)
    )[0] ?? [];
  const firstMs = longest[0]?.atMs ?? 0;
  const warm = longest.filter(({ atMs }) => atMs - firstMs >= WARM_MS);
  return {
    seconds: Math.round(durationMs(longest) / 1_000),
    lastMib: Math.round(longest.at(-1)?.mib ?? 0),
    mostMib: Math.round(Math.max(...processes.flat().map(({ mib }) => mib))),
    mibPerHour: warm.length < 2 ? null : Math.round(slope(warm) * HOUR_MS),
  };
}

function durationMs(samples: readonly Sample[]): number {
  return (samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0);
}

/** Slope in MiB per millisecond. */
function slope(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [atMs, mib] = [
    mean(samples.map((sample) => sample.atMs)),
    mean(samples.map((sample) => sample.mib)),
  ];
  let [product, square] = [0, 0];
  for (const sample of samples) {
    product += (sample.atMs - atMs) * (sample.mib - mib);
    square += (sample.atMs - atMs) ** 2;
  }
  return product / square;
}
