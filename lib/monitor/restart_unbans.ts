/**
 * Unbans of bans that fail2ban's database has in force. They are the sign of a
 * stop, after which the bans are restored. If such a ban is not restored, or a
 * running fail2ban lifted it, its ban time was shortened or its jail was
 * removed, which the database does not tell.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { keyOf } from "../ban/ban.ts";
import type { JailName } from "../base/jail_name.ts";
import type { Fail2banRun, TicketList } from "../fail2ban/ports.ts";
import type { LogEvent } from "../fail2ban/log_line.ts";

/** An unban that a stop may explain. */
export interface DoubtfulUnban {
  readonly jail: JailName;
  readonly address: Address;
  /** When its line was written, in milliseconds since 1970. */
  readonly atMs: number;
  /** When the line was read, by a clock that never jumps. */
  readonly sinceMs: number;
}

/** Circumstances of a line. */
export interface LineCircumstances {
  /** Whether fail2ban's database has an unban's ban in force. */
  readonly isInForce: boolean;
  readonly atMs: number;
  readonly sinceMs: number;
}

/**
 * Signs of a stop, and restored bans, come within this time, in milliseconds.
 */
const DOUBT_MS = 25_000;
/** Maximum interval between two restored bans, in milliseconds. */
const RESTORE_MS = 15_000;
/** A stop lifts all bans of a jail within this time, in milliseconds. */
const TOGETHER_MS = 2_000;
/**
 * Maximum number of doubtful unbans; above it the oldest counts as a stop's.
 */
const MAX_UNBANS = 100_000;

interface Doubt extends DoubtfulUnban {
  /** Whether the log said that its jail stopped. */
  isStop: boolean;
}

/** Finds the unbans that no stop explains. */
export class RestartUnbans {
  readonly #server: Fail2banRun;
  readonly #unbans = new Map<string, Doubt>();
  /** Start times of jails in the log, by the clock that never jumps. */
  readonly #startedMs = new Map<JailName, number>();
  /** Jails that stopped and have not started again. */
  readonly #stopped = new Set<JailName>();
  #isStopping = false;
  #restoredMs = -Infinity;

  /** @param server Tells which fail2ban runs. */
  constructor(server: Fail2banRun) {
    this.#server = server;
  }

  /** Records what a line said. */
  observe(event: LogEvent, when: LineCircumstances): void {
    switch (event.kind) {
      case "unban":
        this.#unbans.delete(keyOf(event));
        if (when.isInForce) this.#doubt(event, when);
        return;
      case "restore":
        this.#restoredMs = when.sinceMs;
        this.#unbans.delete(keyOf(event));
        return;
      case "ban":
        this.#unbans.delete(keyOf(event));
        return;
      case "server_stopping":
        this.#isStopping = true;
        for (const unban of this.#unbans.values()) unban.isStop = true;
        this.#startedMs.clear();
        return;
      case "server_starting":
        this.#isStopping = false;
        this.#stopped.clear();
        return;
      case "jail_stopped":
        this.#stopped.add(event.jail);
        this.#startedMs.delete(event.jail);
        for (const unban of this.#unbans.values()) {
          if (unban.jail === event.jail) unban.isStop = true;
        }
        return;
      case "jail_started":
        this.#isStopping = false;
        this.#stopped.delete(event.jail);
        this.#startedMs.set(event.jail, when.sinceMs);
        return;
    }
  }

  /**
   * Returns the unbans that are real. An unban is not real if all bans of its
   * jail were lifted at once while fail2ban ran on, or if the ban was restored
   * after a start. Undecided unbans stay.
   *
   * @param list The bans in force in fail2ban's database.
   * @param nowMs Milliseconds since 1970.
   * @param sinceMs The same clock as for the lines.
   */
  take(
    list: TicketList,
    nowMs: number,
    sinceMs: number,
  ): readonly DoubtfulUnban[] {
    // A running fail2ban's own list is complete.
    if (list.isExact) this.#unbans.clear();
    const due = [...this.#unbans.values()].filter((unban) =>
      sinceMs - unban.sinceMs >= DOUBT_MS
    );
    if (due.length === 0) return [];
    const serverMs = this.#server.startedMs();
    const isRestoring = sinceMs - this.#restoredMs < RESTORE_MS;
    const inForce = Map.groupBy(list.tickets, ({ jail }) => jail);
    return due.filter((unban) => {
      const { jail, atMs } = unban;
      const startedMs = this.#startedMs.get(jail);
      const isStartedSince = unban.isStop && startedMs !== undefined &&
          startedMs >= unban.sinceMs && sinceMs - startedMs >= DOUBT_MS ||
        serverMs !== undefined && serverMs > atMs + TOGETHER_MS &&
          nowMs - serverMs >= DOUBT_MS;
      if (isStartedSince) return !isRestoring && this.#settle(unban);
      const isTakenOut = unban.isStop && !this.#isStopping &&
        this.#stopped.has(jail) && serverMs !== undefined && serverMs <= atMs &&
        // A failed reload stops all jails although they should still ban.
        [...inForce.keys()].some((other) => !this.#stopped.has(other));
      if (isTakenOut) return this.#settle(unban);
      // It is still stopped, or was started a moment ago.
      if (unban.isStop || serverMs === undefined || serverMs > atMs) {
        return false;
      }
      this.#settle(unban);
      const together = due.filter((other) =>
        other.jail === jail && Math.abs(other.atMs - atMs) <= TOGETHER_MS
      );
      return together.length === 1 ||
        together.length < (inForce.get(jail)?.length ?? 0);
    });
  }

  #settle(unban: DoubtfulUnban): true {
    this.#unbans.delete(keyOf(unban));
    return true;
  }

  #doubt(
    { jail, address }: Pick<DoubtfulUnban, "jail" | "address">,
    { atMs, sinceMs }: LineCircumstances,
  ): void {
    const isStop = this.#isStopping;
    this.#unbans.set(keyOf({ jail, address }), {
      ...{ jail, address, atMs, sinceMs, isStop },
    });
    if (this.#unbans.size <= MAX_UNBANS) return;
    const [oldest] = this.#unbans.keys();
    if (oldest !== undefined) this.#unbans.delete(oldest);
  }
}
