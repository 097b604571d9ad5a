/**
 * Reads a compressed log as if it were not compressed.
 *
 * @module
 */

import type { FileFacts, OpenedLog } from "./ports.ts";
import type { Log } from "../log/log.ts";

/**
 * Compressed bytes per step; decompressed they may be a thousand times more.
 */
const CHUNK_BYTES = 16_384;

/**
 * The contents of a gzip file. Reading forward is cheap; reading from before
 * the last position starts over at the beginning. A damaged file ends where the
 * damage begins; the damage is logged.
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
  /** The last decompressed chunk, and its offset. */
  #chunk = new Uint8Array();
  #chunkAt = 0;
  /**
   * The last read of the file; it may continue after its reader was cancelled.
   */
  #reading: Promise<number> | undefined;
  #isDamaged = false;

  /**
   * @param compressed The compressed file; closed together with this one.
   * @param name Its name, for log records.
   * @param log Receives log records.
   */
  constructor(compressed: OpenedLog, name: string, log: Log) {
    this.device = compressed.device;
    this.inode = compressed.inode;
    this.#compressed = compressed;
    this.#name = name;
    this.#log = log;
  }

  /** Its decompressed size, for which the whole file is read once. */
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

  /** Reads the next chunk, if there is one. */
  async #next(): Promise<boolean> {
    try {
      const { value } = await this.#reader?.read() ?? {};
      if (value === undefined) return false;
      this.#chunkAt += this.#chunk.length;
      this.#chunk = new Uint8Array(value);
      return true;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.#reportDamage(error);
      return false;
    }
  }

  #reportDamage({ message }: TypeError): void {
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
    // A damaged file rejects here as well; that was logged.
    await reader?.cancel().catch((error) => {
      if (!(error instanceof TypeError)) throw error;
    });
    // Two concurrent reads would move each other's file offset. A failed one
    // was reported to its caller, or nobody waits for it any more.
    await Promise.allSettled([this.#reading]);
  }
}
