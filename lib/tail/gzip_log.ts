/**
 * A compressed log, read as what it was before.
 *
 * @module
 */

import type { FileFacts, OpenedLog } from "./ports.ts";
import type { Log } from "../log/log.ts";

/** So much is decompressed at once, in bytes; it may become a thousand times as much. */
const CHUNK_BYTES = 16_384;

/**
 * A file that gzip made, as what it was made of. It is read on from where it
 * was read last; reading from before that begins at its start. A damaged file
 * ends where the damage begins; that is logged.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc1952 | RFC 1952}
 */
export class GzipLog implements OpenedLog {
  readonly device: number;
  readonly inode: number;
  readonly #compressed: OpenedLog;
  readonly #name: string;
  readonly #log: Log;
  #sizeBytes: number | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  /** What was decompressed last, and where it begins. */
  #chunk = new Uint8Array();
  #chunkAt = 0;
  /** The last reading of the file; it may go on after its reader was cancelled. */
  #reading: Promise<number> | undefined;
  #isDamaged = false;

  /**
   * @param compressed The file as it is; disposed of with this.
   * @param name Its name, to tell.
   * @param log Where to tell.
   */
  constructor(compressed: OpenedLog, name: string, log: Log) {
    this.device = compressed.device;
    this.inode = compressed.inode;
    this.#compressed = compressed;
    this.#name = name;
    this.#log = log;
  }

  /** Says how long it was; the whole of it is read for that, once. */
  async facts(): Promise<FileFacts> {
    const { modifiedMs } = await this.#compressed.facts();
    this.#sizeBytes ??= await this.#measure();
    return { sizeBytes: this.#sizeBytes, modifiedMs };
  }

  async readAt(offsetBytes: number, into: Uint8Array): Promise<number> {
    if (this.#reader === undefined || offsetBytes < this.#chunkAt) {
      await this.#begin();
    }
    while (offsetBytes >= this.#chunkAt + this.#chunk.length) {
      if (!await this.#next()) return 0;
    }
    const from = this.#chunk.subarray(offsetBytes - this.#chunkAt);
    const count = Math.min(from.length, into.length);
    into.set(from.subarray(0, count));
    return count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    await this.#compressed[Symbol.asyncDispose]();
  }

  async #measure(): Promise<number> {
    await this.#begin();
    while (await this.#next());
    return this.#chunkAt + this.#chunk.length;
  }

  async #begin(): Promise<void> {
    await this.#end();
    const compressed = this.#compressed;
    let offsetBytes = 0;
    const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        if (this.#reader !== reader) return;
        const bytes = new Uint8Array(CHUNK_BYTES);
        this.#reading = compressed.readAt(offsetBytes, bytes);
        const count = await this.#reading;
        offsetBytes += count;
        if (count === 0) controller.close();
        else controller.enqueue(bytes.subarray(0, count));
      },
    });
    this.#chunk = new Uint8Array();
    this.#chunkAt = 0;
    const reader: ReadableStreamDefaultReader<Uint8Array> = source
      .pipeThrough(new DecompressionStream("gzip")).getReader();
    this.#reader = reader;
  }

  /** Goes on to the next piece, if there is one. */
  async #next(): Promise<boolean> {
    try {
      const { value } = await this.#reader?.read() ?? {};
      if (value === undefined) return false;
      this.#chunkAt += this.#chunk.length;
      this.#chunk = new Uint8Array(value);
      return true;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.#tellDamage(error);
      return false;
    }
  }

  #tellDamage({ message }: TypeError): void {
    if (this.#isDamaged) return;
    this.#isDamaged = true;
    this.#log.record("error", "a compressed log is damaged, its rest is lost", {
      log: this.#name,
      reason: message,
    });
  }

  async #end(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    // What is damaged rejects here as well; that was told.
    await reader?.cancel().catch((error) => {
      if (!(error instanceof TypeError)) throw error;
    });
    // Two readings at once would move the file's place under each other. One
    // that failed was told by its reader, or nobody asks for it any more.
    await Promise.allSettled([this.#reading]);
  }
}
