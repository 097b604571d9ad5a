/**
 * The ports of this host's fail2ban: its socket, its database, its tickets.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { JailName } from "../base/jail_name.ts";
import type { PickleValue } from "./pickle_machine.ts";

/** The state of a ticket in fail2ban's own database. */
export type TicketState = "gone" | "expired" | "in_force" | "unknown";

/** Tells which bans this host's fail2ban decided itself. */
export interface DetectionOracle {
  /**
   * When the last ban of an address in a jail was made, if fail2ban made it
   * because of log lines.
   *
   * @returns Milliseconds since 1970; `undefined`: it was made by command, or
   * this is unknown.
   */
  detectedAtMs(jail: JailName, address: Address): number | undefined;
}

/** Decides whether an `Unban` line is an unban or the sign of a restart. */
export interface TicketOracle {
  /**
   * Looks the ticket up.
   *
   * @param jail The jail of the line.
   * @param address The address of the line.
   * @param nowMs Milliseconds since 1970.
   * @returns `unknown` when the database can't be asked.
   */
  ticketState(jail: JailName, address: Address, nowMs: number): TicketState;
}

/** fail2ban's answer to a command. */
export type Fail2banReply =
  | {
    readonly kind: "done";
    /**
     * The value from fail2ban's server, or the text that `fail2ban-client`
     * prints.
     */
    readonly value: PickleValue;
  }
  | { readonly kind: "no_jail" }
  | {
    readonly kind: "refused";
    /** fail2ban's message, shortened. */
    readonly reason: string;
  };

/**
 * Sends commands to this host's fail2ban, one at a time: a second one before
 * the answer is a bug and throws.
 */
export interface Fail2banClient extends AsyncDisposable {
  /**
   * Number of different fail2ban servers that answered so far; grows with each
   * restart.
   */
  readonly servers: number;
  /**
   * Executes a command. If this throws, the command may have been executed once
   * or twice; an unban of a prefix at most once.
   *
   * @param words The command; see `commands.ts` for the allowed ones.
   * @param signal Aborts the wait for the answer.
   * @throws {RuntimeError} when fail2ban can't be reached, or does not answer.
   * @throws {RangeError} when there is no such command; nothing was sent.
   */
  command(
    words: readonly string[],
    signal: AbortSignal,
  ): Promise<Fail2banReply>;
}

/** A row of fail2ban's database: the latest ban of an address in a jail. */
export interface TicketRow {
  /** When the ban began, in milliseconds since 1970, if known. */
  readonly beganMs?: number;
  /** Its past or future end, in milliseconds since 1970; `Infinity`: never. */
  readonly endsMs: number;
}

/** The bans in fail2ban's own database, which is written after the log. */
export interface TicketRows {
  /** Whether the last query worked, so that a row can be expected. */
  readonly answers?: boolean;
  /**
   * Looks up a row.
   *
   * @returns `undefined` when there is none, or the database can't be read.
   */
  ticketRow(jail: JailName, address: Address): TicketRow | undefined;
}

/** The ban times of jails. */
export interface JailTimes {
  /**
   * Returns the ban time of a jail.
   *
   * @returns Milliseconds, `Infinity` for forever; `undefined` when there is no
   * such jail, or fail2ban can't be asked.
   */
  banTimeMs(jail: JailName, signal: AbortSignal): Promise<number | undefined>;
}

/** A ban that fail2ban has. */
export interface HeldTicket {
  readonly jail: JailName;
  readonly address: Address;
  /** When it began, in milliseconds since 1970; `undefined`: unknown. */
  readonly beganMs: number | undefined;
  /**
   * When it ends, in milliseconds since 1970, `Infinity` for never;
   * `undefined`: unknown.
   */
  readonly endsMs: number | undefined;
}

/** All bans that fail2ban has. */
export interface TicketList {
  /** The bans that can be shared. */
  readonly tickets: readonly HeldTicket[];
  /** Names of jails that can't be shared, as fail2ban spells them. */
  readonly oddJails: ReadonlySet<string>;
  /**
   * Whether the list is from a running fail2ban: unlisted bans are not in
   * force.
   */
  readonly isExact: boolean;
  /** Whether a ban of the jail that is no longer listed is gone. */
  covers(jail: JailName): boolean;
}

/** Lists fail2ban's bans. */
export interface TicketLists {
  /**
   * Requests a list.
   *
   * @param signal Aborts the wait.
   * @returns `undefined` when fail2ban can't be asked.
   */
  list(signal: AbortSignal): Promise<TicketList | undefined>;
}

/** Distinguishes the runs of fail2ban. */
export interface Fail2banRun {
  /**
   * When the running server was started, in milliseconds since 1970;
   * `undefined`: none runs, or unknown.
   */
  startedMs(): number | undefined;
}
