/**
 * The files that a log is and was, plain and compressed, as one looks at them
 * to find a place or what comes next.
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
  findPlace,
  isCompressedLogName,
  type PrintedLogFile,
  sameFile,
  withoutDoubles,
} from "./tail_cursor.ts";

/** Fingerprints that are remembered; above it all are forgotten. */
const MAX_PRINTS = 1_000;

/** Looks at the files of a log. */
export class LogFiles {
  readonly #folder: LogFolder;
  readonly #log: Log;
  /** Of compressed files, which do not change. */
  readonly #prints = new Map<string, string>();

  /**
   * @param folder Where they are.
   * @param log Where to tell.
   */
  constructor(folder: LogFolder, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Opens a file, as it was before it was compressed; `undefined` when it is gone. */
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
   * Finds the file that holds a place, and what came after it.
   *
   * @returns The files from that one on, oldest first; none when it is gone;
   * `undefined`: names changed meanwhile.
   */
  async from(place: LogPosition): Promise<readonly LogFile[] | undefined> {
    const files = await this.#listPrinted(place.fingerprint);
    const holder = files && findPlace(place, files);
    if (files === undefined || holder === undefined) return files && [];
    const open = { ...holder, readBytes: place.offsetBytes };
    return [holder, ...filesAfter(open, files, this.#folder.logName)];
  }

  /** The files that were written to since a place was read, oldest first. */
  async since(place: LogPosition): Promise<readonly LogFile[]> {
    const files = withoutDoubles(await this.#folder.list());
    return filesSince(place, files, this.#folder.logName);
  }

  /**
   * Finds a copy that holds what was not read of a file that was cut.
   *
   * @returns The copy, if any, in a list; `undefined`: names changed meanwhile.
   */
  async copyOf(cut: LogReader): Promise<readonly LogFile[] | undefined> {
    const files = await this.#listPrinted(cut.fingerprint);
    const copy = files && findCopy(cut.position, files);
    return files && (copy === undefined ? [] : [copy]);
  }

  /** The file that a file which has no name any more was compressed to. */
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

  /** Reads what each file begins with; `undefined`: names changed meanwhile. */
  async #listPrinted(
    wanted: string,
  ): Promise<readonly PrintedLogFile[] | undefined> {
    const printed: PrintedLogFile[] = [];
    for (const file of withoutDoubles(await this.#folder.list())) {
      await using opened = await this.open(file.name);
      if (opened === undefined || !sameFile(opened, file)) return undefined;
      const fingerprint = await readFingerprint(opened);
      // How long a compressed file is takes reading it.
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
