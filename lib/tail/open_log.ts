/**
 * Reads one file of a log, current or rotated, line by line.
 *
 * @module
 */

import { LineSplitter } from "./line_splitter.ts";
import type { FileFacts, LogPosition, OpenedLog } from "./ports.ts";
import type { Look, OpenLog } from "./tail_cursor.ts";

/** Most bytes of the first line that the fingerprint covers. */
const MAX_HEAD_BYTES = 1_024;
/** Longest unfinished line before the end, in bytes. */
const MAX_LINE_BYTES = 65_536;
const LF = 0x0a;

/**
 * Starts after the last complete line: the rest of the next one is to come.
 */
export const AT_THE_END = -1;

/** An open log file, and how far it was read. */
export class LogReader implements OpenLog, AsyncDisposable {
  readonly #opened: OpenedLog;
  #rotations: number;
  #cutter: LineSplitter;
  /** The first line; empty while there is none. */
  #head = new Uint8Array();
  #fingerprint = "";
  #lookedAt: FileFacts;

  private constructor(
    opened: OpenedLog,
    offsetBytes: number,
    rotations: number,
    facts: FileFacts,
  ) {
    this.#opened = opened;
    this.#rotations = rotations;
    this.#lookedAt = facts;
    this.#cutter = cutterAt(offsetBytes);
  }

  /**
   * Starts to read an open file.
   *
   * @param opened The file.
   * @param offsetBytes Start of a line, in bytes from the start of the file, or
   * {@link AT_THE_END}.
   * @param rotations Number of the log's files that were finished before this
   * one.
   */
  static async begin(
    opened: OpenedLog,
    offsetBytes: number,
    rotations: number,
  ): Promise<LogReader> {
    const facts = await opened.facts();
    const startBytes = offsetBytes === AT_THE_END
      ? await lastLineStart(opened, facts.sizeBytes)
      : offsetBytes;
    const followed = new LogReader(opened, startBytes, rotations, facts);
    await followed.#readHead();
    return followed;
  }

  get device(): number {
    return this.#opened.device;
  }

  get inode(): number {
    return this.#opened.inode;
  }

  get readBytes(): number {
    return this.#cutter.readBytes;
  }

  get modifiedMs(): number {
    return this.#lookedAt.modifiedMs;
  }

  /** Number of lines that were too long and dropped. */
  get droppedLines(): number {
    return this.#cutter.droppedLines;
  }

  /** Number of the log's files that were finished before this one. */
  get rotations(): number {
    return this.#rotations;
  }

  /** Fingerprint of the first line; empty while there is none. */
  get fingerprint(): string {
    return this.#fingerprint;
  }

  /** Number of existing bytes that were not read. */
  get unreadBytes(): number {
    return Math.max(0, this.#lookedAt.sizeBytes - this.readBytes);
  }

  /** Position of the next line. */
  get position(): LogPosition {
    return {
      device: this.device,
      inode: this.inode,
      offsetBytes: this.#cutter.lineStartBytes,
      fingerprint: this.#fingerprint,
      rotations: this.#rotations,
      modifiedMs: this.modifiedMs,
    };
  }

  /**
   * Starts over at the beginning: the file was truncated and rewritten.
   */
  async beginAgain(): Promise<void> {
    this.#rotations++;
    this.#cutter = cutterAt(0);
    await this.#readHead();
  }

  /** Checks the file for changes. */
  async look(): Promise<Omit<Look, "newer">> {
    const facts = await this.#opened.facts();
    const isAsBefore = facts.sizeBytes === this.#lookedAt.sizeBytes &&
      facts.modifiedMs === this.#lookedAt.modifiedMs;
    this.#lookedAt = facts;
    return {
      sizeBytes: facts.sizeBytes,
      beginsAsBefore: isAsBefore || await this.#beginsAsBefore(),
    };
  }

  /** Reads more. @returns The lines that are now complete, if any. */
  async read(): Promise<Uint8Array | undefined> {
    const room = this.#cutter.room();
    const count = await this.#opened.readAt(this.#cutter.readBytes, room);
    const lines = this.#cutter.push(count);
    if (lines !== undefined && this.#head.length === 0) await this.#readHead();
    return lines?.bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened[Symbol.asyncDispose]();
  }

  async #beginsAsBefore(): Promise<boolean> {
    const now = new Uint8Array(this.#head.length);
    if (now.length === 0) return true;
    const count = await this.#opened.readAt(0, now);
    return count === now.length &&
      now.every((byte, index) => byte === this.#head[index]);
  }

  async #readHead(): Promise<void> {
    this.#head = await readHead(this.#opened);
    this.#fingerprint = await printHead(this.#head);
  }
}

function cutterAt(offsetBytes: number): LineSplitter {
  return new LineSplitter({ offsetBytes, maxLineBytes: MAX_LINE_BYTES });
}

/**
 * Computes the fingerprint of a file.
 *
 * @param opened The file.
 * @returns 32 hexadecimal digits; empty while there is no first line.
 */
export async function readFingerprint(opened: OpenedLog): Promise<string> {
  return await printHead(await readHead(opened));
}

async function readHead(opened: OpenedLog): Promise<Uint8Array<ArrayBuffer>> {
  const head = new Uint8Array(MAX_HEAD_BYTES);
  const count = await opened.readAt(0, head);
  const lineBytes = head.subarray(0, count).indexOf(LF) + 1;
  if (lineBytes > 0) return head.slice(0, lineBytes);
  return count === MAX_HEAD_BYTES ? head : new Uint8Array();
}

async function printHead(head: Uint8Array<ArrayBuffer>): Promise<string> {
  if (head.length === 0) return "";
  const digest = await crypto.subtle.digest("SHA-256", head);
  return new Uint8Array(digest, 0, 16).toHex();
}

async function lastLineStart(
  opened: OpenedLog,
  sizeBytes: number,
): Promise<number> {
  const from = Math.max(0, sizeBytes - MAX_LINE_BYTES);
  const tail = new Uint8Array(sizeBytes - from);
  const count = await opened.readAt(from, tail);
  return from + tail.subarray(0, count).lastIndexOf(LF) + 1;
}
