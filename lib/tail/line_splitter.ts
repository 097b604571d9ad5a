/**
 * Splits bytes into whole lines as they are read.
 *
 * @module
 */

const LF = 0x0a;

/** Whole lines and their end. */
export interface SplitLines {
  /** Lines, each ending in 0x0A. Valid until the splitter is used again. */
  readonly bytes: Uint8Array;
  /** Where the next line begins, in bytes from the start of the file. */
  readonly endBytes: number;
}

/** Options for {@link LineSplitter}. */
export interface LineSplitterOptions {
  /** Position of the first byte, in bytes from the start of the file. */
  readonly offsetBytes: number;
  /**
   * Longest line, in bytes; a longer one is dropped to its end.
   *
   * @default {65536}
   */
  readonly maxLineBytes?: number;
  /**
   * Buffer space for one read beside an unfinished line, in bytes.
   *
   * @default {262144}
   */
  readonly readBytes?: number;
}

/**
 * Keeps the unfinished line at the end of the bytes until its rest arrives. A
 * line ends only at byte 0x0A.
 *
 * @example
 * ```ts
 * import { LineSplitter } from "./line_splitter.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const splitter = new LineSplitter({ offsetBytes: 0 });
 * const { written } = new TextEncoder().encodeInto("one\ntw", splitter.room());
 * const lines = splitter.push(written);
 * strictEqual(new TextDecoder().decode(lines?.bytes), "one\n");
 * strictEqual(lines?.endBytes, 4);
 * strictEqual(splitter.readBytes, 6);
 * ```
 */
export class LineSplitter {
  readonly #maxLineBytes: number;
  readonly #buffer: Uint8Array;
  /** Bytes of an unfinished line at the front of the buffer. */
  #kept = 0;
  /** Bytes of returned lines that are still in the buffer. */
  #given = 0;
  #lineStartBytes: number;
  #readBytes: number;
  #dropping = false;
  #dropped = 0;

  /** @param options See {@link LineSplitterOptions}. */
  constructor(options: LineSplitterOptions) {
    this.#maxLineBytes = options.maxLineBytes ?? 65_536;
    this.#buffer = new Uint8Array(
      this.#maxLineBytes + (options.readBytes ?? 262_144),
    );
    this.#lineStartBytes = options.offsetBytes;
    this.#readBytes = options.offsetBytes;
  }

  /** Position up to which the file was read, in bytes from its start. */
  get readBytes(): number {
    return this.#readBytes;
  }

  /** Start of the unfinished line, in bytes from the file's start. */
  get lineStartBytes(): number {
    return this.#lineStartBytes;
  }

  /** Number of lines that were too long. */
  get droppedLines(): number {
    return this.#dropped;
  }

  /** Buffer for the next bytes of the file; never empty. */
  room(): Uint8Array {
    if (this.#given > 0) {
      this.#buffer.copyWithin(0, this.#given, this.#given + this.#kept);
      this.#given = 0;
    }
    return this.#buffer.subarray(this.#kept);
  }

  /**
   * Accepts the bytes that were read into the buffer.
   *
   * @param count Number of bytes.
   * @returns The lines that are now complete, if any.
   */
  push(count: number): SplitLines | undefined {
    const filled = this.#kept + count;
    this.#readBytes += count;
    const from = this.#dropping
      ? this.#buffer.subarray(0, filled).indexOf(LF) + 1
      : 0;
    if (this.#dropping && from === 0) {
      this.#kept = 0;
      return undefined;
    }
    this.#dropping = false;
    const end = this.#buffer.subarray(0, filled).lastIndexOf(LF) + 1;
    this.#kept = filled - Math.max(end, from);
    this.#given = Math.max(end, from);
    if (this.#given > 0) this.#lineStartBytes = this.#readBytes - this.#kept;
    if (this.#kept > this.#maxLineBytes) this.#drop();
    return this.#given === 0 ? undefined : {
      bytes: this.#buffer.subarray(from, this.#given),
      endBytes: this.#lineStartBytes,
    };
  }

  #drop(): void {
    this.#dropping = true;
    this.#dropped++;
    this.#kept = 0;
  }
}
