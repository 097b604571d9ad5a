/**
 * One signal for several.
 *
 * @module
 */

/**
 * A signal that is aborted with the first of some others, with its reason.
 *
 * `AbortSignal.any` does the same, but up to Deno 2.6 what it makes is
 * collected as garbage while somebody waits for it, who then waits forever.
 * This one is held by the others until it is disposed of, and aborted in its
 * turn among their listeners.
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

  /** @param sources Any of them aborts it; one that was aborted before, at once. */
  constructor(sources: readonly AbortSignal[]) {
    this.#sources = sources;
    const first = sources.find(({ aborted }) => aborted);
    if (first !== undefined) this.#controller.abort(first.reason);
    for (const source of sources) {
      source.addEventListener("abort", this.#abort, { once: true });
    }
  }

  /** Aborted with the first of the others. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Lets go of the others, which abort nothing any more. */
  [Symbol.dispose](): void {
    for (const source of this.#sources) {
      source.removeEventListener("abort", this.#abort);
    }
  }
}
