/**
 * The bans that a host's fail2ban has already when its monitor starts for the
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

/** What the bans are asked with. */
export interface ExistingBansOptions {
  /** The fail2ban that is asked. */
  readonly fail2ban: Fail2banInfo;
  /** The rows of its database, which name no zone. */
  readonly rows: TicketRows;
  /** Time. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
}

/** A ban that fail2ban has. */
export interface ExistingBan {
  /** The jail that has it. */
  readonly jail: JailName;
  /** Whom it concerns. */
  readonly address: Address;
  /** The same whenever it is asked for, as long as fail2ban has it. */
  readonly id: EventId;
  /** When it ends, in milliseconds since 1970; `undefined`: that is not told. */
  readonly expiresMs: number | undefined;
}

/** Names of odd jails that are told. */
const MAX_NAMES = 20;

/** Asks for the bans that are there. */
export class ExistingBans {
  readonly #options: ExistingBansOptions;
  readonly #troubleLog: TroubleLog;

  /**
   * Makes one who asks.
   *
   * @param options What they are asked with.
   */
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
   * Asks fail2ban now. The cluster's own jail is left out.
   *
   * @returns `undefined` when it can't be asked.
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

  /** Their bans are left out, of which nobody would hear otherwise. */
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
