/**
 * `deno task fuzz`: gives the decoders invalid inputs, and checks their
 * invariants. A seed reproduces a run.
 *
 * ```
 * deno task fuzz [--target NAME] [--seed N] [--inputs N] [--seconds N] [--input N]
 * ```
 *
 * Each target runs in its own worker, so that an input on which it hangs is a
 * finding as well.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import {
  FUZZ_TARGETS,
  fuzzTarget,
} from "../tests/support/fuzz/fuzz_targets.ts";
import { type FuzzReport, inputOf } from "../tests/support/fuzz/fuzz_run.ts";
import { describeInput, describeRun } from "../tests/support/fuzz/fuzz_text.ts";
import type { WorkerPlan } from "./fuzz_worker.ts";

const USAGE =
  "usage: fuzz [--target NAME] [--seed N] [--inputs N] [--seconds N] [--input N]";
const DEFAULT_INPUTS = 1_000_000;
const DEFAULT_SECONDS = 600;
/** Time after which an input counts as hanging, in milliseconds. */
const HANG_MS = 10_000;
const LOOK_EVERY_MS = 250;

interface Options {
  readonly targets: readonly string[];
  readonly seed: number;
  readonly from: number;
  readonly inputs: number;
  readonly seconds: number;
}

/** Result of a run: a report, or the input on which it hangs. */
type Outcome = FuzzReport | { readonly hangsAt: number };

/**
 * Runs the program.
 *
 * @param args The arguments.
 * @param say Receives each line of output.
 * @param hangMs Time after which an input counts as hanging, in milliseconds.
 * @returns The exit code: 1 when there are findings.
 */
export async function main(
  args: readonly string[],
  say: (line: string) => void,
  hangMs = HANG_MS,
): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    say(USAGE);
    say(`targets: ${[...FUZZ_TARGETS.keys()].join(", ")}`);
    return 2;
  }
  const { targets, seed, from, inputs, seconds } = options;
  say(`seed ${seed}`);
  let isGood = true;
  for (const target of targets) {
    const plan = { target, seed, from, inputs, maxMs: seconds * 1_000 };
    const outcome = await runInWorker(plan, hangMs);
    if ("hangsAt" in outcome) {
      isGood = false;
      const number = outcome.hangsAt;
      say(`${target}: FOUND with input ${number}: it never ends`);
      say(`  ${describeInput(inputOf(fuzzTarget(target), seed, number))}`);
      continue;
    }
    for (const line of describeRun(outcome, seed)) say(line);
    if (outcome.finding !== undefined) isGood = false;
    else if (outcome.inputs < inputs) say(`${target}: ${seconds} s were over`);
  }
  return isGood ? 0 : 1;
}

/** Starts a worker and watches its progress. */
async function runInWorker(
  plan: Omit<WorkerPlan, "at">,
  hangMs: number,
): Promise<Outcome> {
  const worker = new Worker(new URL("fuzz_worker.ts", import.meta.url), {
    type: "module",
  });
  const at = new Int32Array(new SharedArrayBuffer(4));
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  worker.onmessage = ({ data }: MessageEvent<FuzzReport>) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`The worker failed: ${event.message}`));
  };
  worker.postMessage({ ...plan, at } satisfies WorkerPlan);
  const ended = new AbortController();
  watch(at, hangMs, ended.signal, (hangsAt) => resolve({ hangsAt }));
  try {
    return await promise;
  } finally {
    ended.abort();
    worker.terminate();
  }
}

/** Reports the input on which the worker hangs. */
function watch(
  at: Int32Array,
  hangMs: number,
  ended: AbortSignal,
  onHang: (number: number) => void,
): void {
  let seen = -1;
  let sinceMs = performance.now();
  const timer = setInterval(() => {
    // 0 while the worker creates its samples, then the input's number plus one.
    const now = Atomics.load(at, 0);
    if (now === 0 || now !== seen) {
      seen = now;
      sinceMs = performance.now();
    } else if (performance.now() - sinceMs > hangMs) onHang(now - 1);
  }, LOOK_EVERY_MS);
  ended.addEventListener("abort", () => clearInterval(timer));
}

function readOptions(args: readonly string[]): Options | undefined {
  const names = ["target", "seed", "inputs", "seconds", "input"] as const;
  let isKnown = true;
  const parsed = parseArgs([...args], {
    string: names,
    unknown: () => isKnown = false,
  });
  const numbers = new Map(
    names.slice(1).map((name) => {
      const text = parsed[name];
      if (text === undefined) return [name, undefined];
      if (!/^\d{1,10}$/.test(String(text))) isKnown = false;
      return [name, Number(text)];
    }),
  );
  const target = parsed["target"];
  if (target !== undefined && !isTarget(String(target))) isKnown = false;
  if (!isKnown) return undefined;
  const input = numbers.get("input");
  return {
    targets: target === undefined ? [...FUZZ_TARGETS.keys()] : [String(target)],
    seed: numbers.get("seed") ??
      crypto.getRandomValues(new Uint32Array(1))[0] ?? 1,
    from: input ?? 0,
    inputs: numbers.get("inputs") ??
      (input === undefined ? DEFAULT_INPUTS : 1),
    seconds: numbers.get("seconds") ?? DEFAULT_SECONDS,
  };
}

function isTarget(name: string): boolean {
  try {
    return fuzzTarget(name).name === name;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

if (import.meta.main) {
  Deno.exit(
    await main(Deno.args, (line) => {
      Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
    }),
  );
}
