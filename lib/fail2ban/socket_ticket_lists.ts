/**
 * All bans that a running fail2ban reports.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import type { Fail2banInfo } from "./fail2ban_info.ts";
import type { LineClock } from "./line_clock.ts";
import type {
  HeldTicket,
  TicketList,
  TicketLists,
  TicketRows,
} from "./ports.ts";
import { localMs, ticketEnds, zonesBehind } from "./ticket_times.ts";
import type { Clock } from "../async/clock.ts";

/** Options for {@link SocketTicketLists}. */
export interface SocketTicketListsOptions {
  /** The fail2ban to list. */
  readonly fail2ban: Fail2banInfo;
  readonly clock: Clock;
  /** The rows of its database, whose times have no time zone. */
  readonly rows: TicketRows;
  /** The offset of fail2ban's zone, for bans without a row. */
  readonly lines: Pick<LineClock, "offsetMs">;
}

/** {@link TicketLists} of a running fail2ban. */
export class SocketTicketLists implements TicketLists {
  readonly #options: SocketTicketListsOptions;

  /** @param options See {@link SocketTicketListsOptions}. */
  constructor(options: SocketTicketListsOptions) {
    this.#options = options;
  }

  async list(signal: AbortSignal): Promise<TicketList | undefined> {
    const { fail2ban } = this.#options;
    try {
      const tickets: HeldTicket[] = [];
      const { jails, oddJails } = await fail2ban.allJails(signal);
      for (const jail of jails) {
        const listed = await fail2ban.ticketsIn(jail, signal);
        const { clock, lines, rows } = this.#options;
        const behindMs = zonesBehind(
          listed,
          ({ address }) => rows.ticketRow(jail, address)?.beganMs,
          lines.offsetMs,
        );
        const ends = ticketEnds(listed, clock.nowMs(), behindMs);
        listed.forEach(({ address, times }, index) => {
          const endsMs = ends[index];
          const beganMs = times === undefined || endsMs === undefined
            ? undefined
            : localMs(times.madeAt) + (behindMs[index] ?? 0);
          tickets.push({ jail, address, beganMs, endsMs });
        });
      }
      // If no jail is listed, a reload has failed, and fail2ban's bans still
      // apply.
      const covers = () => jails.size > 0;
      return { tickets, oddJails, covers, isExact: true };
    } catch (error) {
      if (error instanceof RuntimeError) return undefined;
      throw error;
    }
  }
}
