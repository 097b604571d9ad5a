/**
 * Keeps two callers from waiting for the same thing.
 *
 * @module
 */

/**
 * Admits one caller at a time, who may wait to be woken.
 *
 * @example
 * ```ts
 * import { ExclusiveWait } from "./exclusive_wait.ts";
 * import { throws } from "node:assert/strict";
 *
 * const receiving = new ExclusiveWait("receive");
 * {
 *   using _wait = receiving.enter();
 *   throws(() => receiving.enter(), /another receive waits/);
 * }
 * using _wait = receiving.enter();
 * ```
 */
export class ExclusiveWait {
  readonly #what: string;
  #taken = false;
  #waiter: PromiseWithResolvers<void> | undefined;

  /** @param what Name of the operation, for the error message. */
  constructor(what: string) {
    this.#what = what;
  }

  /**
   * Claims the wait until the returned object is disposed.
   *
   * @throws {Error} when another caller holds it.
   */
  enter(): Disposable {
    if (this.#taken) {
      throw new Error(`Cannot ${this.#what}: another ${this.#what} waits`);
    }
    this.#taken = true;
    return { [Symbol.dispose]: () => this.#taken = false };
  }

  /** Whether the caller is waiting. */
  get isWaiting(): boolean {
    return this.#waiter !== undefined;
  }

  /** Wakes the caller, if it is waiting. */
  wake(): void {
    this.#waiter?.resolve();
  }

  /**
   * Waits for {@link ExclusiveWait.wake}.
   *
   * @param signal Ends the wait.
   * @throws the signal's reason on abort.
   */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const waiter = Promise.withResolvers<void>();
    const onAbort = () => waiter.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiter = waiter;
    try {
      await waiter.promise;
    } finally {
      this.#waiter = undefined;
      signal.removeEventListener("abort", onAbort);
    }
  }
}
