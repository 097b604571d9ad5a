/**
 * A log's folder in memory.
 *
 * @module
 */

import type {
  FileFacts,
  LogFile,
  LogFolder,
  OpenedLog,
} from "../../../lib/tail/ports.ts";
import { isLogName } from "../../../lib/tail/tail_cursor.ts";
import { Condition } from "../../../lib/async/tasks.ts";

interface MemoryFile {
  readonly inode: number;
  bytes: Uint8Array;
  modifiedMs: number;
}

/** Files that a test writes, renames and removes. */
export class MemoryFolder implements LogFolder {
  readonly logName: string;
  readonly #files = new Map<string, MemoryFile>();
  readonly #changed = new Condition();
  #inodes = 0;
  #nowMs = 0;
  #hinted = false;

  /** @param logName The log's name. */
  constructor(logName: string) {
    this.logName = logName;
  }

  /** Appends to a file, which is created if missing. */
  append(name: string, text: string): void {
    const file = this.#files.get(name) ??
      { inode: ++this.#inodes, bytes: new Uint8Array(), modifiedMs: 0 };
    const added = new TextEncoder().encode(text);
    file.bytes = Uint8Array.from([...file.bytes, ...added]);
    file.modifiedMs = ++this.#nowMs;
    this.#files.set(name, file);
    this.#hint();
  }

  /** Renames a file. */
  rename(from: string, to: string): void {
    const file = this.#files.get(from);
    if (file === undefined) throw new Error(`No file ${from}`);
    this.#files.delete(from);
    this.#files.set(to, file);
    this.#hint();
  }

  /** Removes a file. */
  remove(name: string): void {
    this.#files.delete(name);
    this.#hint();
  }

  current(): Promise<LogFile | undefined> {
    const file = this.#files.get(this.logName);
    return Promise.resolve(file && describe(this.logName, file));
  }

  list(): Promise<readonly LogFile[]> {
    const logs = [...this.#files].filter(([name]) =>
      isLogName(name, this.logName)
    );
    return Promise.resolve(logs.map(([name, file]) => describe(name, file)));
  }

  open(name: string): Promise<OpenedLog | undefined> {
    const file = this.#files.get(name);
    return Promise.resolve(file && new MemoryOpenedLog(file));
  }

  async waitForChange(signal: AbortSignal): Promise<void> {
    while (!this.#hinted) await this.#changed.wait(signal);
    this.#hinted = false;
  }

  #hint(): void {
    this.#hinted = true;
    this.#changed.notify();
  }
}

class MemoryOpenedLog implements OpenedLog {
  readonly device = 1;
  readonly inode: number;
  readonly #file: MemoryFile;

  constructor(file: MemoryFile) {
    this.inode = file.inode;
    this.#file = file;
  }

  facts(): Promise<FileFacts> {
    return Promise.resolve(factsOf(this.#file));
  }

  readAt(offsetBytes: number, into: Uint8Array): Promise<number> {
    const bytes = this.#file.bytes.subarray(
      offsetBytes,
      offsetBytes + into.length,
    );
    into.set(bytes);
    return Promise.resolve(bytes.length);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

function describe(name: string, file: MemoryFile): LogFile {
  return { name, device: 1, inode: file.inode, ...factsOf(file) };
}

function factsOf({ bytes, modifiedMs }: MemoryFile): FileFacts {
  return { sizeBytes: bytes.length, modifiedMs };
}
