/**
 * The monitor: follows fail2ban's log and reports what it says.
 *
 * @module
 */

import type { BanEvent } from "./ban_event.ts";
import { EchoFilter } from "./echo_filter.ts";
import type { HostName } from "./host_name.ts";
import { type LogEvent, type LogFormat, scanLines } from "./log_line.ts";
import { LogSession, type SharedEvent } from "./log_session.ts";
import { LogThrottle } from "./log_throttle.ts";
import type {
  Clock,
  DetectionOracle,
  EchoOracle,
  LineSource,
  Log,
  LogPosition,
  PositionStore,
  TicketOracle,
} from "./ports.ts";
import { type CurrentPolicy, refusal } from "./protection.ts";
import type { RequestLink } from "./request_link.ts";
import { Condition, runTogether } from "./tasks.ts";

/** What a monitor is made of. */
export interface MonitorOptions {
  /** fail2ban's log. */
  readonly lines: LineSource;
  /** The way to the publisher. */
  readonly link: RequestLink;
  /** What fail2ban's database knows. */
  readonly oracle: TicketOracle;
  /** What this host's subscriber applied; by default nothing. */
  readonly echoes?: EchoOracle;
  /** What this host's fail2ban decided itself; by default nobody knows. */
  readonly detections?: DetectionOracle;
  /** Keeps the place up to which everything was answered. */
  readonly positions: PositionStore;
  /** Time. */
  readonly clock: Clock;
  /** Where to tell. */
  readonly log: Log;
  /** This node's name. */
  readonly hostName: HostName;
  /** How the log's lines begin. */
  readonly logFormat: LogFormat;
  /** How long an unban waits for signs of a restart, in milliseconds. */
  readonly unbanHoldMs: number;
  /** Which addresses are never banned; asked for each ban. */
  readonly protection: CurrentPolicy;
  /** Read and log only: report nothing, store nothing. */
  readonly dryRun: boolean;
}

/** What a monitor has done so far. */
export interface MonitorCounters {
  /** Bans and unbans handed to the link. */
  reported: number;
  /** Bans of protected addresses, left out. */
  refused: number;
  /** Bans and unbans that were the cluster's own doing, left out. */
  echoes: number;
  /** Lines of fail2ban's actions that can't be shared: user names, odd jails. */
  unshareable: number;
  /** Bans and unbans that an action of a jail failed to carry out. */
  actionFailures: number;
}

/** At a stop, unanswered reports may take so long before they are left to the next start. */
const DRAIN_MS = 1_000;
const UNDONE = { ban: "a ban", reban: "a ban", unban: "an unban" } as const;
/** The place is stored at most this often. */
const STORE_EVERY_MS = 1_000;

/** A place that may be stored once the link has settled so many reports. */
interface Mark {
  readonly afterSettled: number;
  readonly position: LogPosition;
}

/** Follows and reports until stopped. */
export class Monitor {
  /** What was done so far. */
  readonly counters: MonitorCounters = {
    reported: 0,
    refused: 0,
    echoes: 0,
    unshareable: 0,
    actionFailures: 0,
  };
  readonly #options: MonitorOptions;
  readonly #session: LogSession;
  readonly #echoes: EchoFilter | undefined;
  readonly #complaints: LogThrottle;
  readonly #changed = new Condition();
  #lastEnd: LogPosition | undefined;
  #mark: Mark | undefined;
  #turn: Promise<void> = Promise.resolve();
  #blockedMs = 0;

  /** @param options What the monitor is made of. */
  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#session = new LogSession({ unbanHoldMs: options.unbanHoldMs });
    this.#echoes = options.echoes && new EchoFilter(options.echoes, options);
    this.#complaints = new LogThrottle(options.log, options.clock);
  }

  /** Unbans that wait for signs of a restart. */
  get held(): number {
    return this.#session.heldCount;
  }

  /**
   * Follows and reports until aborted; then waits a little for answers.
   *
   * @param signal Ends it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { link, dryRun } = this.#options;
    const afterwards = new AbortController();
    const linkRun = dryRun ? undefined : link.run(afterwards.signal);
    try {
      await runTogether(signal, [
        ...(linkRun === undefined ? [] : [endOf(linkRun)]),
        (group) => this.#read(group),
        (group) => this.#releaseHeld(group),
        (group) => this.#storeMarks(group),
      ]);
      await this.#drain();
    } finally {
      afterwards.abort();
      this.#complaints.flush();
      await linkRun;
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { lines, logFormat } = this.#options;
    for await (const batch of lines.batches(signal)) {
      await this.#inTurn(async () => {
        for (const event of scanLines(batch.bytes, logFormat)) {
          await this.#take(event, signal);
        }
        this.#lastEnd = batch.end;
        this.#moveMark();
      });
    }
  }

  /**
   * Lets the lines of a batch and the release of held unbans not mix: what is
   * decided first is reported first, and a place is past all that it says.
   */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = Promise.withResolvers<void>();
    const before = this.#turn;
    this.#turn = turn.promise;
    try {
      await before;
      await work();
    } finally {
      turn.resolve();
    }
  }

  /**
   * The session's time. It stands still while reports can't be handed over:
   * the lines that speak against a held unban wait unread then.
   */
  #sessionMs(): number {
    return this.#options.clock.monotonicMs() - this.#blockedMs;
  }

  async #take(event: LogEvent, signal: AbortSignal): Promise<void> {
    const { oracle, clock } = this.#options;
    if (event.kind === "refused") {
      this.counters.unshareable++;
      this.#complaints.record("warning", "line can't be shared", {
        reason: event.reason,
      });
      return;
    }
    if (event.kind === "action_failed") {
      const { jail, verb, action, address } = event;
      this.counters.actionFailures++;
      const what = `fail2ban could not carry out ${UNDONE[verb]}`;
      this.#complaints.record("warning", what, { jail, action, address });
      return;
    }
    const state = event.kind === "unban"
      ? oracle.ticketState(event.jail, event.address, clock.nowMs())
      : "unknown";
    const shared = this.#session.push(event, state, this.#sessionMs());
    for (const report of shared) await this.#report(report, signal);
    this.#changed.notify();
  }

  async #report(report: SharedEvent, signal: AbortSignal): Promise<void> {
    const { hostName, protection, link, log, clock, dryRun } = this.#options;
    const { kind, jail, address } = report;
    const event: BanEvent = { kind, jail, address, origin: hostName };
    if (this.#echoes?.isEcho(report) === true) {
      this.counters.echoes++;
      log.record("debug", `own ${event.kind} not reported`, { jail, address });
      return;
    }
    const refused = event.kind === "ban"
      ? refusal(address, protection())
      : undefined;
    if (refused !== undefined) {
      this.counters.refused++;
      this.#complaints.record("warning", "protected address not reported", {
        jail,
        address,
        rule: refused.rule,
        because: refused.because,
      });
      return;
    }
    if (dryRun) {
      log.record("notice", `would report ${event.kind}`, { jail, address });
      return;
    }
    const sinceMs = clock.monotonicMs();
    await link.submit(event, signal);
    this.#blockedMs += clock.monotonicMs() - sinceMs;
    this.counters.reported++;
    log.record("notice", `reporting ${event.kind}`, { jail, address });
  }

  async #releaseHeld(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (true) {
      const deadlineMs = this.#session.nextDeadlineMs();
      if (deadlineMs === undefined) {
        await this.#changed.wait(signal);
        continue;
      }
      await clock.delay(Math.max(0, deadlineMs - this.#sessionMs()), signal);
      await this.#inTurn(async () => {
        for (const report of this.#session.tick(this.#sessionMs())) {
          await this.#report(report, signal);
        }
        this.#moveMark();
      });
    }
  }

  /** The place moves on only past lines whose events have all left this process. */
  #moveMark(): void {
    if (this.#session.heldCount > 0 || this.#lastEnd === undefined) return;
    this.#mark = {
      afterSettled: this.#options.link.counters.submitted,
      position: this.#lastEnd,
    };
    this.#changed.notify();
  }

  async #storeMarks(signal: AbortSignal): Promise<void> {
    const { clock, link } = this.#options;
    while (true) {
      const mark = this.#mark;
      if (mark === undefined) {
        await this.#changed.wait(signal);
        continue;
      }
      await link.waitSettled(mark.afterSettled, signal);
      await this.#store(mark);
      await clock.delay(STORE_EVERY_MS, signal);
    }
  }

  async #store(mark: Mark): Promise<void> {
    const { positions, dryRun } = this.#options;
    if (this.#mark === mark) this.#mark = undefined;
    if (!dryRun) await positions.save(mark.position);
  }

  async #drain(): Promise<void> {
    const { link, clock, log } = this.#options;
    await runTogether(new AbortController().signal, [
      (group) => link.waitSettled(link.counters.submitted, group),
      (group) => clock.delay(DRAIN_MS, group),
    ]);
    const unanswered = link.counters.submitted - link.settled;
    if (unanswered > 0) {
      log.record("warning", "stopping with unanswered reports", { unanswered });
    }
    const mark = this.#mark;
    if (mark !== undefined && link.settled >= mark.afterSettled) {
      await this.#store(mark);
    }
  }
}

/** A task that ends with the work, or leaves it going on. */
function endOf(work: Promise<void>): (signal: AbortSignal) => Promise<void> {
  return (signal) => Promise.race([work, new Condition().wait(signal)]);
}
