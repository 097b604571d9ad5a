/**
 * Merges several kinds of lines into one sink.
 *
 * @module
 */

import type { LinePrefix } from "./line_prefix.ts";
import type { LineSink, OutputLine } from "./line_sink.ts";

/** Adds a prefix to each line. Several may share a sink; the order is kept. */
export class PrefixedSink implements LineSink {
  readonly #sink: LineSink;
  readonly #prefix: LinePrefix;

  /**
   * @param sink Receives the lines.
   * @param prefix Returns the prefix of a line.
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
