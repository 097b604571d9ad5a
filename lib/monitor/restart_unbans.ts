/**
 * Unbans of bans that fail2ban's database has in force: the sign of a stop,
 * after which they are restored. What is not restored, or was lifted by a
 * fail2ban that runs on, has had its ban time made shorter, or its jail taken
 * out: of that the database does not know.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { keyOf } from "../ban/ban.ts";
import type { JailName } from "../base/jail_name.ts";
import type { Fail2banRun, TicketList } from "../fail2ban/ports.ts";
import type { LogEvent } from "../fail2ban/log_line.ts";

/** An unban that may be a stop's. */
export interface DoubtfulUnban {
  readonly jail: JailName;
  readonly address: Address;
  /** When its line was written, in milliseconds since 1970. */
  readonly atMs: number;
  /** When it was read, by a clock that never jumps. */
  readonly sinceMs: number;
}

/** What is known of a line besides what it says. */
export interface LineCircumstances {
  /** Whether fail2ban's database has the ban of an unban in force. */
  readonly isInForce: boolean;
  readonly atMs: number;
  readonly sinceMs: number;
}

/** Signs of a stop, and restored bans, come within this, in milliseconds. */
const DOUBT_MS = 25_000;
/** While bans are restored, one comes within this after the other, in milliseconds. */
const RESTORE_MS = 15_000;
/** A stop lifts all bans of a jail within this, in milliseconds. */
const TOGETHER_MS = 2_000;
/** Unbans that are doubted at once; above it the oldest is taken for a stop's. */
const MAX_UNBANS = 100_000;

interface Doubt extends DoubtfulUnban {
  /** Its jail was said to stop. */
  isStop: boolean;
}

/** Tells those unbans that no stop explains. */
export class RestartUnbans {
  readonly #server: Fail2banRun;
  readonly #unbans = new Map<string, Doubt>();
  /** When each jail was started, as the log says, by the clock that never jumps. */
  readonly #startedMs = new Map<JailName, number>();
  /** Jails that were stopped and not started again. */
  readonly #stopped = new Set<JailName>();
  #isStopping = false;
  #restoredMs = -Infinity;

  /** @param server Which fail2ban runs. */
  constructor(server: Fail2banRun) {
    this.#server = server;
  }

  /** Takes note of what a line said. */
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
   * Gives the unbans that stand: not all of their jail went at once while
   * fail2ban ran on, and no ban was restored after it was started. Those that
   * can't be told yet stay.
   *
   * @param list What fail2ban's database has in force.
   * @param nowMs Milliseconds since 1970.
   * @param sinceMs The same clock as of the lines.
   */
  take(
    list: TicketList,
    nowMs: number,
    sinceMs: number,
  ): readonly DoubtfulUnban[] {
    // A running fail2ban's own list says it all.
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
        // A reload that failed stops all jails, and means to ban still.
        [...inForce.keys()].some((other) => !this.#stopped.has(other));
      if (isTakenOut) return this.#settle(unban);
      // It is stopped still, or was started a moment ago.
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
