/**
 * The bans that a host's fail2ban already has when its monitor starts for the
 * first time.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { EventId } from "../base/ids.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import { RuntimeError } from "../base/errors.ts";
import { eventIdOfTicket } from "./event_id.ts";
import { ticketEnds, zonesBehind } from "../fail2ban/ticket_times.ts";
import { CLUSTER_JAIL, type JailName } from "../base/jail_name.ts";
import type { Fail2banInfo } from "../fail2ban/fail2ban_info.ts";
import type { TicketRows } from "../fail2ban/ports.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";

/** Options for {@link ExistingBans}. */
export interface ExistingBansOptions {
  /** The fail2ban to list. */
  readonly fail2ban: Fail2banInfo;
  /** The rows of its database, whose times have no time zone. */
  readonly rows: TicketRows;
  /** Time. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
}

/** A ban of fail2ban. */
export interface ExistingBan {
  /** The jail that has it. */
  readonly jail: JailName;
  /** The banned address. */
  readonly address: Address;
  /** The same in every list, as long as fail2ban has the ban. */
  readonly id: EventId;
  /** When it ends, in milliseconds since 1970; `undefined`: unknown. */
  readonly expiresMs: number | undefined;
}

/** Maximum number of odd jail names that are logged. */
const MAX_NAMES = 20;

/** Lists the existing bans. */
export class ExistingBans {
  readonly #options: ExistingBansOptions;
  readonly #troubleLog: TroubleLog;

  /** @param options See {@link ExistingBansOptions}. */
  constructor(options: ExistingBansOptions) {
    this.#options = options;
    const { log, clock } = options;
    this.#troubleLog = new TroubleLog({
      log,
      clock,
      trouble: "can't ask fail2ban for the bans it has",
      over: "fail2ban tells the bans it has",
    });
  }

  /**
   * Lists fail2ban's bans now, without the cluster's own jail.
   *
   * @returns `undefined` when fail2ban can't be asked.
   */
  async list(signal: AbortSignal): Promise<readonly ExistingBan[] | undefined> {
    const { fail2ban } = this.#options;
    try {
      const bans: ExistingBan[] = [];
      const { jails, oddJails } = await fail2ban.allJails(signal);
      this.#tellOdd(oddJails);
      for (const jail of jails) {
        if (jail !== CLUSTER_JAIL) bans.push(...await this.#in(jail, signal));
      }
      this.#troubleLog.resolve();
      return bans;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#troubleLog.report(error.message);
      return undefined;
    }
  }

  /**
   * Logs the jails whose bans are left out, which nobody would notice
   * otherwise.
   */
  #tellOdd(oddJails: ReadonlySet<string>): void {
    if (oddJails.size === 0) return;
    const names = [...oddJails].slice(0, MAX_NAMES).map((name) =>
      JSON.stringify(name)
    );
    this.#options.log.record(
      "warning",
      "bans of jails with such names are left out",
      { jails: oddJails.size, names: names.join(" ") },
    );
  }

  async #in(jail: JailName, signal: AbortSignal): Promise<ExistingBan[]> {
    const { fail2ban, clock, rows } = this.#options;
    const tickets = await fail2ban.ticketsIn(jail, signal);
    const behindMs = zonesBehind(
      tickets,
      ({ address }) => rows.ticketRow(jail, address)?.beganMs,
      0,
    );
    const ends = ticketEnds(tickets, clock.nowMs(), behindMs);
    return await Promise.all(tickets.map(async ({ address, times }, index) => ({
      jail,
      address,
      expiresMs: ends[index],
      id: await eventIdOfTicket(jail, address, times?.madeAt ?? ""),
    })));
  }
}
