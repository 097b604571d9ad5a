/**
 * What programs get of a machine that others use, too. Linux only.
 *
 * @module
 */

/** Of a program's main thread, in nanoseconds. */
interface Share {
  readonly ranNs: number;
  /** Time in which it could have run, and others did. */
  readonly waitedNs: number;
}

/** A fast machine does {@link piece} in this time, in milliseconds. */
const PIECE_MS = 1.2;
/**
 * While a program waits for a processor there comes more to do, which it does
 * before what comes then: so many times as much when it waits all the time.
 */
const GATHERED = 2;
/** Of so many one is surely not interrupted. */
const PIECES = 40;

/**
 * How many times as long as alone on a fast machine something takes that
 * programs do one after the other. It is measured at the same time: in which
 * others had the processors, and how fast these are.
 */
export class ProcessorShare {
  readonly #pids: readonly number[];
  readonly #from: readonly Share[];

  readonly #fromMs = performance.now();

  private constructor(pids: readonly number[], from: readonly Share[]) {
    this.#pids = pids;
    this.#from = from;
  }

  /** Begins to look. @param pids The programs. */
  static async of(...pids: readonly number[]): Promise<ProcessorShare> {
    return new ProcessorShare(pids, await Promise.all(pids.map(shareOf)));
  }

  /** What it was since then; at least 1. */
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

/** How many times as long as a fast processor this one takes, measured once a process; at least 1. */
const PROCESSOR_TIMES = Math.max(1, fastestMs() / PIECE_MS);

async function shareOf(pid: number): Promise<Share> {
  // See proc(5); all but what libzmq does is done by the main thread.
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

/** Work for the processor whose result nobody can leave out. */
function piece(): void {
  let state = 1;
  for (let round = 0; round < 300_000; round++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + round | 0;
  }
  if (state === 0) throw new Error("The work was left out");
}
