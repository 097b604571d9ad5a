/**
 * Several kinds of lines on their way to one place.
 *
 * @module
 */

import type { LinePrefix } from "./line_prefix.ts";
import type { LineSink, OutputLine } from "./line_sink.ts";

/** Puts a prefix before each line. Several may share a sink; order is kept. */
export class PrefixedSink implements LineSink {
  readonly #sink: LineSink;
  readonly #prefix: LinePrefix;

  /**
   * @param sink Where the lines go.
   * @param prefix What stands before them.
   */
  constructor(sink: LineSink, prefix: LinePrefix) {
    this.#sink = sink;
    this.#prefix = prefix;
  }

  write(line: OutputLine): void {
    this.#sink.write({ ...line, text: this.#prefix(line) + line.text });
  }

  async flush(signal: AbortSignal): Promise<void> {
    await this.#sink.flush(signal);
  }
}
