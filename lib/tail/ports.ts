/**
 * The ports of a log file that grows and is rotated.
 *
 * @module
 */

/** A place in a log file that survives its renaming. */
export interface LogPosition {
  /** Device the file is on. */
  readonly device: number;
  /** Inode of the file. */
  readonly inode: number;
  /** Bytes from the start: where the next line begins. */
  readonly offsetBytes: number;
  /** Of the file's first line, so that a reused inode is noticed. Empty while the file has none. */
  readonly fingerprint: string;
  /**
   * How many files of the log were done with before this one: it tells apart
   * files that begin alike. Missing in places that were stored before there
   * was such a count.
   */
  readonly rotations?: number;
  /**
   * When the file was last written, as far as it was looked at, in
   * milliseconds since 1970. Missing likewise.
   */
  readonly modifiedMs?: number;
  /** The bans that fail2ban had at the first start are yet to be reported. */
  readonly importing?: true;
}

/** Whole lines, read in one go. */
export interface LineBatch {
  /** Lines, each ending in 0x0A, and nothing else. */
  readonly bytes: Uint8Array;
  /** Where the first of them begins, in bytes from the start of the file that `end` is in. */
  readonly startBytes: number;
  /** Where to read on from once these lines are done with. */
  readonly end: LogPosition;
}

/** A log that grows. */
export interface LineSource {
  /**
   * Gives the lines as they come, in order, each once, until aborted.
   * A rotated file is given to its end before the next one. Called once.
   *
   * @param signal Ends the sequence; it then returns instead of throwing.
   */
  batches(signal: AbortSignal): AsyncIterable<LineBatch>;
}

/** What is known of a file that may still grow. */
export interface FileFacts {
  /** Its size in bytes. */
  readonly sizeBytes: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** Which file, whatever its name. */
export interface FileIdentity {
  /** Device the file is on. */
  readonly device: number;
  /** Inode of the file. */
  readonly inode: number;
}

/** The log, or a file that it was rotated to. */
export interface LogFile extends FileIdentity, FileFacts {
  /** Its name, without the folder. */
  readonly name: string;
}

/** A log file that is open; it stays so when it is renamed or removed. */
export interface OpenedLog extends FileIdentity, AsyncDisposable {
  /** Asks how it is now. */
  facts(): Promise<FileFacts>;
  /**
   * Reads bytes.
   *
   * @param offsetBytes From where, in bytes from the start.
   * @param into Where to; it need not become full.
   * @returns How many there were, 0 at the end.
   */
  readAt(offsetBytes: number, into: Uint8Array): Promise<number>;
}

/** The folder of a log: the log and the files that it was rotated to. */
export interface LogFolder {
  /** The log's name. */
  readonly logName: string;
  /** The log itself; `undefined` while there is none. */
  current(): Promise<LogFile | undefined>;
  /**
   * The log and what it was rotated to, in any order. No file changed its name
   * meanwhile, and the newer ones were asked for their size first: a file that
   * shows as empty beside a newer one with something in it stays empty.
   */
  list(): Promise<readonly LogFile[]>;
  /**
   * Opens a file; `undefined` when it is gone. A file that can't be read is a
   * RuntimeError; once somebody has waited for a change, it counts as gone
   * until the next one, here and in what the folder shows.
   */
  open(name: string): Promise<OpenedLog | undefined>;
  /** Resolves once something may have changed since the last call; now and then without cause. */
  waitForChange(signal: AbortSignal): Promise<void>;
}

/** Keeps the place up to which everything was acknowledged. */
export interface PositionStore {
  /** The stored place; `undefined` when none is stored. A damaged one is a RuntimeError. */
  load(): Promise<LogPosition | undefined>;
  /** Stores the place: wholly or not at all, also when the power fails. */
  save(position: LogPosition): Promise<void>;
}
