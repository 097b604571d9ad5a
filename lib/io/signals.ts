/**
 * Turns the signals that ask a program to end into an abort.
 *
 * @module
 */

const STOP_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/**
 * Aborts on the first SIGTERM, SIGINT or SIGHUP.
 *
 * @example
 * ```ts ignore
 * using stop = new StopSignal();
 * await program.run(stop.signal);
 * ```
 */
export class StopSignal implements Disposable {
  readonly #controller = new AbortController();
  readonly #listener = () => this.#controller.abort();

  constructor() {
    for (const name of STOP_SIGNALS) {
      Deno.addSignalListener(name, this.#listener);
    }
  }

  /** Aborted once the program is to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const name of STOP_SIGNALS) {
      Deno.removeSignalListener(name, this.#listener);
    }
  }
}
