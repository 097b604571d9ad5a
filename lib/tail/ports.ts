/**
 * The ports of a log file that grows and is rotated.
 *
 * @module
 */

/** A position in a log file; it stays valid when the file is renamed. */
export interface LogPosition {
  /** Device of the file. */
  readonly device: number;
  /** Inode of the file. */
  readonly inode: number;
  /** Start of the next line, in bytes from the start of the file. */
  readonly offsetBytes: number;
  /**
   * Fingerprint of the file's first line, to detect a reused inode. Empty while
   * the file has no line.
   */
  readonly fingerprint: string;
  /**
   * Number of the log's files that were finished before this one; distinguishes
   * files with equal first lines. Missing in positions stored by older
   * versions.
   */
  readonly rotations?: number;
  /**
   * Last known modification time, in milliseconds since 1970. May be missing,
   * too.
   */
  readonly modifiedMs?: number;
  /**
   * How far the log's times without a zone are behind the host's clock, in
   * milliseconds. Missing if they are not.
   */
  readonly behindMs?: number;
  /**
   * Set until all bans that fail2ban had at the first start are reported.
   */
  readonly importing?: true;
}

/** Whole lines from one read. */
export interface LineBatch {
  /** Lines, each ending in 0x0A, and nothing else. */
  readonly bytes: Uint8Array;
  /**
   * Start of the first line, in bytes from the start of the file of `end`.
   */
  readonly startBytes: number;
  /** Position to continue from once these lines are processed. */
  readonly end: LogPosition;
  /**
   * When the log was seen to end before these lines, in milliseconds since
   * 1970: they were written later. `undefined`: it was not read to its end yet.
   */
  readonly writtenAfterMs?: number | undefined;
}

/** A source of lines from a log that grows. */
export interface LineSource {
  /**
   * Yields the lines as they are written, in order, each once, until aborted.
   * Reads a rotated file to its end before the next one. Called once.
   *
   * @param signal Ends the sequence, which then returns instead of throwing.
   */
  batches(signal: AbortSignal): AsyncIterable<LineBatch>;
}

/** Size and time of a file that may still grow. */
export interface FileFacts {
  /** Its size in bytes. */
  readonly sizeBytes: number;
  /** Last modification time, in milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** Identifies a file regardless of its name. */
export interface FileIdentity {
  /** Device of the file. */
  readonly device: number;
  /** Inode of the file. */
  readonly inode: number;
}

/** The log or one of its rotated files. */
export interface LogFile extends FileIdentity, FileFacts {
  /** Its name, without the folder. */
  readonly name: string;
}

/** An open log file; it stays open when it is renamed or removed. */
export interface OpenedLog extends FileIdentity, AsyncDisposable {
  /** Reads its current size and time. */
  facts(): Promise<FileFacts>;
  /**
   * Reads bytes.
   *
   * @param offsetBytes Position, in bytes from the start.
   * @param into The buffer; it need not be filled.
   * @returns Number of bytes read, 0 at the end.
   */
  readAt(offsetBytes: number, into: Uint8Array): Promise<number>;
}

/** The folder of a log: the log and its rotated files. */
export interface LogFolder {
  /** The log's name. */
  readonly logName: string;
  /** The log itself; `undefined` while there is none. */
  current(): Promise<LogFile | undefined>;
  /**
   * The log and its rotated files, in any order. No file was renamed during the
   * listing, and sizes were read from the newest file to the oldest: a file
   * that is empty beside a newer one with contents stays empty.
   */
  list(): Promise<readonly LogFile[]>;
  /**
   * Opens a file; `undefined` when it is gone. A file that can't be read is a
   * RuntimeError before the first wait for a change; later it counts as gone
   * until the next change, here and in lists.
   */
  open(name: string): Promise<OpenedLog | undefined>;
  /**
   * Resolves once something may have changed since the last call; may resolve
   * without a change.
   */
  waitForChange(signal: AbortSignal): Promise<void>;
}

/**
 * Watches a file of a folder, whether it exists or not, until disposed.
 *
 * @param folder Absolute path.
 * @param name The file's name.
 * @param tell Called when something may have happened to it.
 * @returns `undefined` if it can't watch.
 */
export type FolderWatch = (
  folder: string,
  name: string,
  tell: () => void,
) => AsyncDisposable | undefined;

/** Stores the position up to which everything was acknowledged. */
export interface PositionStore {
  /**
   * The stored position; `undefined` when there is none. A damaged one is a
   * RuntimeError.
   */
  load(): Promise<LogPosition | undefined>;
  /**
   * Stores the position: completely or not at all, also when the power fails.
   */
  save(position: LogPosition): Promise<void>;
}
