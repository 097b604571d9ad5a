/**
 * The worker of `fuzz.ts`: one target's run.
 *
 * @module
 */

import { type FuzzPlan, runFuzz } from "../tests/support/fuzz/fuzz_run.ts";
import { fuzzTarget } from "../tests/support/fuzz/fuzz_targets.ts";

/** What a worker does. */
export interface WorkerPlan extends Pick<FuzzPlan, "seed" | "inputs"> {
  readonly target: string;
  readonly from: number;
  readonly maxMs: number;
  /** Gets one more than the number of the input that is under way. */
  readonly at: Int32Array;
}

/** What a worker has that a window has not; the compiler's types are a window's. */
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
