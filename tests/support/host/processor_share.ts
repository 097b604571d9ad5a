/**
 * CPU shares of programs on a shared machine. Linux only.
 *
 * @module
 */

/** Times of a program's main thread, in nanoseconds. */
interface Share {
  readonly ranNs: number;
  /** Time in which it was ready to run but others ran. */
  readonly waitedNs: number;
}

/** Time of {@link piece} on a fast machine, in milliseconds. */
const PIECE_MS = 1.2;
/**
 * Work accumulates while a program waits for a CPU, and is done before later
 * work: this factor applies when it waits all the time.
 */
const GATHERED = 2;
/** Number of pieces, of which at least one is surely not interrupted. */
const PIECES = 40;

/**
 * How many times slower sequential work of programs is than on a fast, idle
 * machine. Measured at the same time, from the CPU's speed and from the time
 * that others used it.
 */
export class ProcessorShare {
  readonly #pids: readonly number[];
  readonly #from: readonly Share[];

  readonly #fromMs = performance.now();

  private constructor(pids: readonly number[], from: readonly Share[]) {
    this.#pids = pids;
    this.#from = from;
  }

  /** Starts the measurement. @param pids The programs. */
  static async of(...pids: readonly number[]): Promise<ProcessorShare> {
    return new ProcessorShare(pids, await Promise.all(pids.map(shareOf)));
  }

  /** The factor since then; at least 1. */
  async times(): Promise<number> {
    const wholeNs = (performance.now() - this.#fromMs) * 1e6;
    const now = await Promise.all(this.#pids.map(shareOf));
    const more = now.map(({ ranNs, waitedNs }, at) => {
      const from = this.#from[at] ?? { ranNs: 0, waitedNs: 0 };
      const waited = waitedNs - from.waitedNs;
      const ran = Math.max(1, ranNs - from.ranNs);
      return (ran + waited) / ran * (1 + GATHERED * waited / wholeNs) - 1;
    });
    const all = more.reduce((sum, each) => sum + each, 1);
    return Math.round(10 * PROCESSOR_TIMES * all) / 10;
  }
}

/**
 * How many times slower this CPU is than a fast one, measured once per process;
 * at least 1.
 */
const PROCESSOR_TIMES = Math.max(1, fastestMs() / PIECE_MS);

async function shareOf(pid: number): Promise<Share> {
  // See proc(5); the main thread does everything except libzmq's work.
  const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/schedstat`);
  const [ranNs = NaN, waitedNs = NaN] = text.split(" ").map(Number);
  return { ranNs, waitedNs };
}

function fastestMs(): number {
  return Math.min(...Array.from({ length: PIECES }, () => {
    const startMs = performance.now();
    piece();
    return performance.now() - startMs;
  }));
}

/** CPU work that the compiler can't remove. */
function piece(): void {
  let state = 1;
  for (let round = 0; round < 300_000; round++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + round | 0;
  }
  if (state === 0) throw new Error("The work was left out");
}
