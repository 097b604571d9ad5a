/**
 * Stands in for `@std/cli/unstable-progress-bar` where JSR can't be reached,
 * for the part of it that this project uses. Nothing on npm does as little.
 *
 * @see {@link https://jsr.io/@std/cli | @std/cli}
 * @module
 */

/** What a line is made of. */
export interface ProgressBarFormatter {
  /** As in `###-------`. */
  progressBar: string;
  /** How much is done. */
  value: number;
  /** How much there is to do. */
  max: number;
}

/** Options for {@link ProgressBar}. */
export interface ProgressBarOptions {
  /** Where it is shown; stays open. @default {Deno.stderr.writable} */
  writable?: WritableStream<Uint8Array>;
  /** How much there is to do. */
  max: number;
  /** Characters of the bar. @default {50} */
  barLength?: number;
  /** Whether nothing of it is left at the end. @default {false} */
  clear?: boolean;
  /** Makes the line. */
  formatter?: (formatter: ProgressBarFormatter) => string;
  /** How often it is drawn, in milliseconds. @default {1000} */
  refreshMilliseconds?: number;
}

const LINE_CLEAR = "\r\x1b[K";
const ENCODER = new TextEncoder();

/**
 * Shows in one line of a terminal how far a work is.
 *
 * @example
 * ```ts ignore
 * import { ProgressBar } from "@std/cli/unstable-progress-bar";
 *
 * const bar = new ProgressBar({ max: 100 });
 * bar.value += 10;
 * await bar.stop();
 * ```
 */
export class ProgressBar {
  /** How much is done. */
  value = 0;
  /** How much there is to do. */
  max: number;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #options: Required<Omit<ProgressBarOptions, "max" | "writable">>;
  readonly #timer: ReturnType<typeof setInterval>;

  /** Draws it, and again from time to time until it is stopped. */
  constructor(options: ProgressBarOptions) {
    const { writable = Deno.stderr.writable, max, ...others } = options;
    this.max = max;
    this.#options = {
      barLength: 50,
      clear: false,
      formatter: ({ progressBar, value, max }) =>
        `[${progressBar}] [${value}/${max}]`,
      refreshMilliseconds: 1_000,
      ...others,
    };
    this.#writer = writable.getWriter();
    const { refreshMilliseconds } = this.#options;
    this.#timer = setInterval(() => this.#draw(), refreshMilliseconds);
    this.#draw();
  }

  /** Ends it. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#options.clear) this.#write(LINE_CLEAR);
    else {
      this.#draw();
      this.#write("\n");
    }
    // Nobody may read it any more.
    await this.#writer.ready.catch(() => {});
    this.#writer.releaseLock();
  }

  #draw(): void {
    const { barLength, formatter } = this.#options;
    const { value, max } = this;
    const part = Math.min(1, Math.max(0, value / max));
    const filled = Math.trunc(part * barLength);
    const progressBar = "#".repeat(filled) + "-".repeat(barLength - filled);
    this.#write(LINE_CLEAR + formatter({ progressBar, value, max }));
  }

  #write(text: string): void {
    this.#writer.write(ENCODER.encode(text)).catch(() => {});
  }
}
