/**
 * Turns signals into an abort or a reload.
 *
 * @module
 */

const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;
const HANG_UP = "SIGHUP";

/** Options for {@link StopSignal}. */
export interface StopSignalOptions {
  /**
   * Whether SIGHUP stops the program, as when its terminal closes; otherwise it
   * means a reload of files.
   */
  readonly hangUpStops: boolean;
}

/**
 * Aborts on the first SIGTERM or SIGINT, or SIGHUP if configured so.
 *
 * @example
 * ```ts ignore
 * using stop = new StopSignal({ hangUpStops: Deno.stdin.isTerminal() });
 * stop.onReload(() => members.ask());
 * await program.run(stop.signal);
 * ```
 */
export class StopSignal implements Disposable {
  readonly #controller = new AbortController();
  readonly #reloads: (() => void)[] = [];
  readonly #stop = () => this.#controller.abort();
  readonly #hangUp: () => void;

  /** @param options See {@link StopSignalOptions}. */
  constructor({ hangUpStops }: StopSignalOptions) {
    this.#hangUp = hangUpStops ? this.#stop : () => this.#reload();
    for (const name of STOP_SIGNALS) Deno.addSignalListener(name, this.#stop);
    Deno.addSignalListener(HANG_UP, this.#hangUp);
  }

  /** Aborted once the program must end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Adds a listener that is called for each reload. */
  onReload(listener: () => void): void {
    this.#reloads.push(listener);
  }

  #reload(): void {
    for (const listener of this.#reloads) listener();
  }

  [Symbol.dispose](): void {
    for (const name of STOP_SIGNALS) {
      Deno.removeSignalListener(name, this.#stop);
    }
    Deno.removeSignalListener(HANG_UP, this.#hangUp);
  }
}
