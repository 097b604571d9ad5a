/**
 * Combines several abort signals into one.
 *
 * @module
 */

/**
 * A signal that aborts with the first of several source signals, with the same
 * reason.
 *
 * `AbortSignal.any` does the same, but up to Deno 2.6 its result can be
 * garbage-collected while a task waits for it; the task then waits forever. The
 * sources keep this signal alive until it is disposed. Its abort is one of
 * their listeners, called in their order.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert/strict";
 * import { EitherSignal } from "./either_signal.ts";
 *
 * const stop = new AbortController();
 * const late = new AbortController();
 * using either = new EitherSignal([stop.signal, late.signal]);
 * late.abort("late");
 * strictEqual(either.signal.reason, "late");
 * ```
 */
export class EitherSignal implements Disposable {
  readonly #sources: readonly AbortSignal[];
  readonly #controller = new AbortController();
  readonly #abort = ({ target }: Event) => {
    if (target instanceof AbortSignal) this.#controller.abort(target.reason);
  };

  /**
   * @param sources Each of them aborts it; at once if one is already aborted.
   */
  constructor(sources: readonly AbortSignal[]) {
    this.#sources = sources;
    const first = sources.find(({ aborted }) => aborted);
    if (first !== undefined) this.#controller.abort(first.reason);
    for (const source of sources) {
      source.addEventListener("abort", this.#abort, { once: true });
    }
  }

  /** Aborted with the first of the sources. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Detaches from the sources, which then no longer abort it. */
  [Symbol.dispose](): void {
    for (const source of this.#sources) {
      source.removeEventListener("abort", this.#abort);
    }
  }
}
