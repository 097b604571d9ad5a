/**
 * The worker of `fuzz.ts`: runs one target.
 *
 * @module
 */

import { type FuzzPlan, runFuzz } from "../tests/support/fuzz/fuzz_run.ts";
import { fuzzTarget } from "../tests/support/fuzz/fuzz_targets.ts";

/** The task of a worker. */
export interface WorkerPlan extends Pick<FuzzPlan, "seed" | "inputs"> {
  readonly target: string;
  readonly from: number;
  readonly maxMs: number;
  /** Receives the number of the current input plus one. */
  readonly at: Int32Array;
}

/** The part of a worker's scope that the compiler's types for a window lack. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerPlan>) => void) | null;
  postMessage(message: unknown): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data: { target, at, ...plan } }) => {
  const report = runFuzz(fuzzTarget(target), {
    ...plan,
    nowMs: () => performance.now(),
    onInput: (number) => {
      Atomics.store(at, 0, number + 1);
    },
  });
  scope.postMessage(report);
};
