/**
 * Everything outside the process, as the core sees it. Each port says what
 * may be called again, in which order, which errors are final and what an
 * abort does; `lib/io/` holds the real ones.
 *
 * An aborted wait rejects with the signal's reason. Unless a port says
 * otherwise, an error of class `RuntimeError` is one that the operator can
 * mend, and any other error is a bug.
 *
 * @module
 */

import type { Address } from "./address.ts";
import type { BanNews } from "./ban_event.ts";
import type { JailName } from "./jail_name.ts";

export type {
  BanLedger,
  BanState,
  LedgerContents,
  WantedReports,
} from "./ledger_ports.ts";
export type {
  EchoOracle,
  EnforcementFailure,
  Enforcer,
  Fail2banClient,
  Fail2banReply,
  ListedBan,
  LocalBan,
  Receipt,
  ReceiptSink,
} from "./enforcement_ports.ts";

/** How much a log record matters, in fail2ban's words. */
export type Severity =
  | "critical"
  | "error"
  | "warning"
  | "notice"
  | "info"
  | "debug";

/** What a log record says beside its event: plain values, never a secret. */
export type LogFields = Readonly<
  Record<string, string | number | boolean | undefined>
>;

/** Takes log records. Never throws, never waits; a slow sink drops and counts. */
export interface Log {
  /**
   * Records an event.
   *
   * @param severity How much it matters.
   * @param event What happened, the same words each time.
   * @param fields With what.
   */
  record(severity: Severity, event: string, fields?: LogFields): void;
}

/** Time. */
export interface Clock {
  /** Milliseconds since 1970, for stamps. It may jump. */
  nowMs(): number;
  /** Milliseconds since some moment, for measuring. It never jumps. */
  monotonicMs(): number;
  /** Resolves after `ms` milliseconds; rejects with the reason on abort. */
  delay(ms: number, signal: AbortSignal): Promise<void>;
}

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
  /** Opens a file; `undefined` when it is gone. A file that can't be read is a RuntimeError. */
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

/** What fail2ban's own database knows of a ticket. */
export type TicketState = "gone" | "expired" | "in_force" | "unknown";

/** Knows which bans this host's fail2ban decided itself. */
export interface DetectionOracle {
  /**
   * When the last ban of an address in a jail was made, if fail2ban made it
   * because of what it read in a log.
   *
   * @returns Milliseconds since 1970; `undefined`: another made it, or nobody knows.
   */
  detectedAtMs(jail: JailName, address: Address): number | undefined;
}

/** Answers whether an `Unban` line is an unban or the sign of a restart. */
export interface TicketOracle {
  /**
   * Looks the ticket up now.
   *
   * @param jail The jail of the line.
   * @param address The address of the line.
   * @param nowMs Milliseconds since 1970.
   * @returns `unknown` when the database can't be asked.
   */
  ticketState(jail: JailName, address: Address, nowMs: number): TicketState;
}

/** A message: its frames. */
export type Frames = readonly Uint8Array[];

/**
 * A message socket. One `send` and one `receive` may wait at a time; a second
 * of the same kind is a bug and throws.
 */
export interface MessageSocket extends AsyncDisposable {
  /**
   * Hands a message over; waits while there is no peer with room for it. A
   * socket with many peers waits for none: what one has no room for is dropped.
   */
  send(frames: Frames, signal: AbortSignal): Promise<void>;
  /** Waits for the next message. */
  receive(signal: AbortSignal): Promise<Frames>;
}

/** Bounds of a socket. */
export interface SocketLimits {
  /** A peer that announces a longer frame is disconnected. */
  readonly maxMessageBytes: number;
  /** Messages queued for each peer. @default {1000} */
  readonly sendQueueMessages?: number;
  /** Messages queued from each peer. @default {1000} */
  readonly receiveQueueMessages?: number;
  /**
   * How long disposing goes on sending what still waits, at most, in
   * milliseconds. @default {0}
   */
  readonly lingerMs?: number;
}

/** A socket that others connect to. */
export interface BoundSocket extends MessageSocket {
  /** Where; with the port that was taken for `*`. */
  readonly endpoint: string;
}

/** A descriptor that somebody waits on. */
export interface DescriptorWatcher {
  /** The file descriptor. */
  readonly descriptor: number;
  /** Called when the descriptor may have become readable. Must not throw. */
  settle(): void;
}

/** Waits on descriptors; edge- and level-triggered ones alike. */
export interface DescriptorPoll {
  /** Begins to wait on a descriptor. */
  add(watcher: DescriptorWatcher): void;
  /** Resolves once nothing waits on the descriptor, so that it may be closed. */
  remove(watcher: DescriptorWatcher): Promise<void>;
  /** Resolves once the process has no descriptor of that number, at the latest after `timeoutMs`. */
  closed(descriptor: number, timeoutMs: number): Promise<void>;
}

/** Opens a new connection to the one peer it was made for; may be called again and again. */
export type Connect = () => MessageSocket;

/** Does something about bans on this host. */
export interface BanAction {
  /** The word in `subscriberaction` that names it. */
  readonly name: string;
  /**
   * Makes the events true on this host. Idempotent; the events are in order,
   * and a ban may say when it ends. A rejection means that none of them can be counted as done.
   */
  act(events: readonly BanNews[], signal: AbortSignal): Promise<void>;
}
