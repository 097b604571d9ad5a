/**
 * The ports of this host's fail2ban: its socket, its database, its tickets.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { JailName } from "../base/jail_name.ts";
import type { PickleValue } from "./pickle_machine.ts";

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

/** What fail2ban says to a command. */
export type Fail2banReply =
  | {
    readonly kind: "done";
    /** As fail2ban's server sends it, or the text that `fail2ban-client` makes of it. */
    readonly value: PickleValue;
  }
  | { readonly kind: "no_jail" }
  | {
    readonly kind: "refused";
    /** In fail2ban's words, cut short. */
    readonly reason: string;
  };

/**
 * Takes commands to this host's fail2ban, one at a time: a second one that is
 * given meanwhile is a bug and throws.
 */
export interface Fail2banClient extends AsyncDisposable {
  /** How many different fail2bans answered so far: it grows when one was started anew. */
  readonly servers: number;
  /**
   * Carries a command out. It may have been carried out, once or twice, also
   * when this throws; an unban of a prefix once at most.
   *
   * @param words The command; see `fail2ban_command.ts` for those that exist.
   * @param signal Ends the wait for the answer.
   * @throws {RuntimeError} when fail2ban can't be asked, or does not answer.
   * @throws {RangeError} when there is no such command; nothing was sent.
   */
  command(
    words: readonly string[],
    signal: AbortSignal,
  ): Promise<Fail2banReply>;
}

/** A row of fail2ban's database: the current or last ban of an address in a jail. */
export interface TicketRow {
  /** When the ban ends or ended, in milliseconds since 1970; `Infinity`: never. */
  readonly endsMs: number;
}

/** What fail2ban's own database says of bans. It is written after the log. */
export interface TicketRows {
  /**
   * Looks a row up now.
   *
   * @returns `undefined` when there is none, or when it can't be asked.
   */
  ticketRow(jail: JailName, address: Address): TicketRow | undefined;
}

/** How long jails ban. */
export interface JailTimes {
  /**
   * Says how long a jail bans.
   *
   * @returns Milliseconds, `Infinity` for ever; `undefined` when there is no
   * such jail, or when nobody can be asked.
   */
  banTimeMs(jail: JailName, signal: AbortSignal): Promise<number | undefined>;
}
