/**
 * Keeps the cluster's view of this host's bans equal to fail2ban's: regularly
 * compares the reported bans with fail2ban's own bans, and reports the
 * differences. Lost lines, a changed `bantime` and restarts of fail2ban leave
 * no difference for longer than a minute.
 *
 * @module
 */

import { type BanKey, keyOf } from "../ban/ban.ts";
import { banDrift } from "./ban_drift.ts";
import { eventIdOfRepair } from "./event_id.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import { RestartUnbans } from "./restart_unbans.ts";
import type { Clock } from "../async/clock.ts";
import type {
  Fail2banRun,
  TicketList,
  TicketLists,
} from "../fail2ban/ports.ts";
import type { Log } from "../log/log.ts";
import type { LogEvent } from "../fail2ban/log_line.ts";
import type { ReportedBans } from "./reported_bans.ts";
import type { Reporter } from "./reporter.ts";

/** Options for {@link DriftRepair}. */
export interface DriftRepairOptions {
  /** Sources of fail2ban's bans; the first one that answers counts. */
  readonly lists: readonly TicketLists[];
  /** The reported bans. */
  readonly known: ReportedBans;
  /** Tells which fail2ban runs. */
  readonly server: Fail2banRun;
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /**
   * Used when it is unknown what the previous run reported: bans that began
   * before this time, in milliseconds since 1970, were reported. `undefined`:
   * there was no previous run, and earlier bans are left out.
   */
  readonly reportedUntilMs: number | undefined;
}

/** What was compared and repaired. */
export interface DriftCounters {
  /** Comparisons with fail2ban's bans. */
  compared: number;
  /** Bans of fail2ban that had not been reported. */
  driftBans: number;
  /** Reported bans that fail2ban no longer had. */
  driftUnbans: number;
  /** Bans whose end fail2ban had changed. */
  driftEnds: number;
}

/** Interval between comparisons, in milliseconds. */
const COMPARE_INTERVAL_MS = 15_000;
/**
 * If fail2ban can't be listed, a ban is forgotten this long after its end, in
 * milliseconds; otherwise comparisons forget it.
 */
const KEEP_UNCOMPARED_MS = 3_600_000;
/**
 * Time that fail2ban needs after its start to restore all bans, in
 * milliseconds.
 */
const START_MS = 30_000;
/** Maximum number of jails whose odd names are logged. */
const MAX_ODD_JAILS = 100;

/** Compares and repairs until stopped. */
export class DriftRepair {
  readonly counters: DriftCounters = {
    compared: 0,
    driftBans: 0,
    driftUnbans: 0,
    driftEnds: 0,
  };
  readonly #options: DriftRepairOptions;
  readonly #log: LogThrottle;
  readonly #unbans: RestartUnbans;
  /** The last comparison's differences, by kind and ban. */
  #found: ReadonlySet<string> = new Set();
  readonly #oddJails = new Set<string>();
  #restoredMs = -Infinity;
  readonly #beganMs: number;

  /** @param options See {@link DriftRepairOptions}. */
  constructor(options: DriftRepairOptions) {
    this.#options = options;
    this.#beganMs = options.clock.nowMs();
    this.#log = new LogThrottle(options.log, options.clock);
    this.#unbans = new RestartUnbans(options.server);
  }

  /** Jails of fail2ban whose names prevent sharing their bans. */
  get oddJails(): readonly string[] {
    return [...this.#oddJails];
  }

  /**
   * Records what a line said.
   *
   * @param event The event of the line.
   * @param isInForce Whether it is an unban of a ban that fail2ban's database
   * has in force.
   * @param atMs When the line was written, in milliseconds since 1970.
   */
  observe(event: LogEvent, isInForce: boolean, atMs: number): void {
    const sinceMs = this.#options.clock.monotonicMs();
    if (event.kind === "restore") {
      this.#restoredMs = sinceMs;
      const { known } = this.#options;
      // Its jail was removed and is back: the ban has to be reported again.
      if (known.get(event)?.state === "lifted") known.forget(event);
    }
    this.#unbans.observe(event, { isInForce, atMs, sinceMs });
  }

  /**
   * Compares and repairs until aborted.
   *
   * @param reporter Reports the differences.
   * @param inTurn Keeps these reports apart from those of lines.
   * @param signal Ends it.
   */
  async run(
    reporter: Reporter,
    inTurn: (work: () => Promise<void>) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock } = this.#options;
    while (true) {
      await clock.delay(COMPARE_INTERVAL_MS, signal);
      const nowMs = clock.nowMs();
      const found = await this.#list(signal);
      if (found === undefined) {
        this.#options.known.forgetOver(nowMs - KEEP_UNCOMPARED_MS);
        continue;
      }
      const list = withoutIgnored(found, reporter);
      this.counters.compared++;
      this.#tellOddJails(list);
      await inTurn(() => this.#repair(reporter, list, nowMs, signal));
      this.#log.flush();
    }
  }

  async #list(signal: AbortSignal): Promise<TicketList | undefined> {
    for (const lists of this.#options.lists) {
      const list = await lists.list(signal);
      if (list !== undefined) return list;
    }
    return undefined;
  }

  async #repair(
    reporter: Reporter,
    list: TicketList,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { known, clock } = this.#options;
    this.#seed(list);
    for (const ban of this.#unbans.take(list, nowMs, clock.monotonicMs())) {
      await this.#lift(reporter, ban, "its time was changed", signal, ban.atMs);
    }
    const { missing, surplus, moved, over } = banDrift(known, list, nowMs);
    const before = this.#found;
    const found = new Set<string>();
    /** A difference found twice is not a race with lines still to be read. */
    const isFoundAgain = (kind: string, ban: BanKey) => {
      const name = `${kind} ${keyOf(ban)}`;
      found.add(name);
      return before.has(name);
    };
    for (const ban of over) known.forget(ban);
    for (const ticket of missing) {
      if (!isFoundAgain("missing", ticket)) continue;
      const { jail, address, beganMs, endsMs } = ticket;
      const id = eventIdOfRepair(`missing ${keyOf(ticket)}`, nowMs);
      const ban = { kind: "ban" as const, jail, address, id, line: "" };
      const times = { atMs: beganMs, expiresMs: endsMs };
      if (!await reporter.report({ ...ban, ...times }, signal)) continue;
      this.counters.driftBans++;
      this.#tell("a ban of fail2ban was not reported, and is now", ticket);
    }
    for (const ticket of moved) {
      if (!isFoundAgain("moved", ticket)) continue;
      if (!await reporter.moveEnd(ticket, signal)) continue;
      this.counters.driftEnds++;
      this.#tell("fail2ban has changed the end of a ban", ticket);
    }
    for (const ban of this.#settled(list, nowMs) ? surplus : []) {
      const isGone = list.isExact || ban.isListed === true;
      if (!isGone || !isFoundAgain("surplus", ban)) continue;
      await this.#lift(reporter, ban, "no line said so", signal);
    }
    for (const ticket of list.tickets) known.list(ticket);
    this.#found = found;
  }

  async #lift(
    reporter: Reporter,
    ban: BanKey,
    because: string,
    signal: AbortSignal,
    atMs?: number,
  ): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    const { jail, address } = ban;
    const id = eventIdOfRepair(`gone ${keyOf(ban)}`, nowMs);
    // It is not known to have been lifted by hand.
    const unban = { kind: "unban", why: "ended", jail, address, id } as const;
    if (!await reporter.report({ ...unban, line: "", atMs }, signal)) return;
    this.counters.driftUnbans++;
    const event = "fail2ban has a ban no more, which is reported now";
    this.#log.record("notice", event, { jail, address, because });
  }

  /** Bans from before this monitor's start are no news. */
  #seed({ tickets }: TicketList): void {
    const { known, reportedUntilMs } = this.#options;
    if (known.isSeeded) return;
    known.noteSeeded();
    const untilMs = reportedUntilMs ?? this.#beganMs;
    const state = reportedUntilMs === undefined ? "left" : "reported";
    for (const ticket of tickets) {
      const { jail, address, beganMs = -Infinity, endsMs = Infinity } = ticket;
      if (known.get(ticket) !== undefined || beganMs > untilMs) continue;
      known.note({ jail, address, state, endsMs, notedMs: untilMs });
    }
  }

  /** Whether a running fail2ban has restored all its bans. */
  #settled({ isExact }: TicketList, nowMs: number): boolean {
    if (!isExact) return true;
    const startedMs = this.#options.server.startedMs() ?? -Infinity;
    const { clock } = this.#options;
    return nowMs - startedMs >= START_MS &&
      clock.monotonicMs() - this.#restoredMs >= COMPARE_INTERVAL_MS;
  }

  #tell(event: string, { jail, address }: BanKey): void {
    this.#log.record("notice", event, { jail, address });
  }

  #tellOddJails({ oddJails }: TicketList): void {
    for (const jail of oddJails) {
      if (this.#oddJails.has(jail) || this.#oddJails.size >= MAX_ODD_JAILS) {
        continue;
      }
      this.#oddJails.add(jail);
      const event = "bans of a jail with such a name can't be shared";
      this.#log.record("warning", event, { jail: JSON.stringify(jail) });
    }
  }
}

/**
 * Removes jails that are not reported, so that none of their bans are missing.
 */
function withoutIgnored(
  list: TicketList,
  reporter: Pick<Reporter, "isIgnored">,
): TicketList {
  const { isExact, oddJails, tickets } = list;
  return {
    ...{ isExact, oddJails, covers: (jail) => list.covers(jail) },
    tickets: tickets.filter(({ jail }) => !reporter.isIgnored(jail)),
  };
}
