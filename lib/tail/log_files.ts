/**
 * Lists a log and its rotated files, plain and compressed, to find a stored
 * position or the file that comes next.
 *
 * @module
 */

import { type LogReader, readFingerprint } from "./open_log.ts";
import { GzipLog } from "./gzip_log.ts";
import type { Log } from "../log/log.ts";
import type { LogFile, LogFolder, LogPosition, OpenedLog } from "./ports.ts";
import {
  filesAfter,
  filesSince,
  findCopy,
  findFileAt,
  isCompressedLogName,
  type PrintedLogFile,
  sameFile,
  withoutDoubles,
} from "./tail_cursor.ts";

/** Most remembered fingerprints; beyond it all are forgotten. */
const MAX_PRINTS = 1_000;

/** Lists and opens the files of a log. */
export class LogFiles {
  readonly #folder: LogFolder;
  readonly #log: Log;
  /** Fingerprints of compressed files, which do not change. */
  readonly #prints = new Map<string, string>();

  /**
   * @param folder The log's folder.
   * @param log Receives log records.
   */
  constructor(folder: LogFolder, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Opens a file, decompressed if necessary; `undefined` when it is gone. */
  async open(name: string): Promise<OpenedLog | undefined> {
    const opened = await this.#folder.open(name);
    return opened !== undefined && isCompressedLogName(name)
      ? new GzipLog(opened, name, this.#log)
      : opened;
  }

  /** The files newer than the open one, oldest first. */
  async newerThan(open: LogReader): Promise<readonly LogFile[]> {
    const { logName } = this.#folder;
    const current = await this.#folder.current();
    if (current !== undefined && sameFile(current, open)) return [];
    const files = withoutDoubles(await this.#folder.list());
    const { readBytes, modifiedMs } = open;
    const known = files.find((file) => sameFile(file, open)) ??
      await this.#compressed(files, open.fingerprint) ?? open;
    const { device, inode } = known;
    return filesAfter({ device, inode, readBytes, modifiedMs }, files, logName);
  }

  /**
   * Finds the file that contains a position, and the newer ones.
   *
   * @returns The files from that one on, oldest first; empty when it is gone;
   *   `undefined`: names changed meanwhile.
   */
  async from(position: LogPosition): Promise<readonly LogFile[] | undefined> {
    const files = await this.#listPrinted(position.fingerprint);
    const holder = files && findFileAt(position, files);
    if (files === undefined || holder === undefined) return files && [];
    const open = { ...holder, readBytes: position.offsetBytes };
    return [holder, ...filesAfter(open, files, this.#folder.logName)];
  }

  /** The files that were written to since a position was read, oldest first. */
  async since(position: LogPosition): Promise<readonly LogFile[]> {
    const files = withoutDoubles(await this.#folder.list());
    return filesSince(position, files, this.#folder.logName);
  }

  /**
   * Finds a copy with the unread rest of a file that was truncated.
   *
   * @returns The copy, if any, in a list; `undefined`: names changed meanwhile.
   */
  async copyOf(cut: LogReader): Promise<readonly LogFile[] | undefined> {
    const files = await this.#listPrinted(cut.fingerprint);
    const copy = files && findCopy(cut.position, files);
    return files && (copy === undefined ? [] : [copy]);
  }

  /** Finds the compressed form of an open file that no longer has a name. */
  async #compressed(
    files: readonly LogFile[],
    fingerprint: string,
  ): Promise<LogFile | undefined> {
    for (const file of files) {
      if (fingerprint === "" || !isCompressedLogName(file.name)) continue;
      if (await this.#print(file) === fingerprint) return file;
    }
    return undefined;
  }

  /**
   * Reads the fingerprint of each file; `undefined`: names changed meanwhile.
   */
  async #listPrinted(
    wanted: string,
  ): Promise<readonly PrintedLogFile[] | undefined> {
    const printed: PrintedLogFile[] = [];
    for (const file of withoutDoubles(await this.#folder.list())) {
      await using opened = await this.open(file.name);
      if (opened === undefined || !sameFile(opened, file)) return undefined;
      const fingerprint = await readFingerprint(opened);
      // The size of a compressed file is known only after reading it.
      const isAsked = isCompressedLogName(file.name) && fingerprint === wanted;
      const { sizeBytes } = isAsked ? await opened.facts() : file;
      printed.push({ ...file, sizeBytes, fingerprint });
    }
    return printed;
  }

  async #print(file: LogFile): Promise<string | undefined> {
    const { name, device, inode, modifiedMs, sizeBytes } = file;
    const key = [device, inode, modifiedMs, sizeBytes].join();
    const known = this.#prints.get(key);
    if (known !== undefined) return known;
    await using opened = await this.open(name);
    if (opened === undefined || !sameFile(opened, file)) return undefined;
    const print = await readFingerprint(opened);
    if (this.#prints.size >= MAX_PRINTS) this.#prints.clear();
    this.#prints.set(key, print);
    return print;
  }
}
