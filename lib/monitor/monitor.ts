/**
 * The monitor: follows fail2ban's log and reports its events.
 *
 * @module
 */

import type { EventId } from "../base/ids.ts";
import { eventIdOfLine } from "./event_id.ts";
import type { DriftRepair } from "./drift_repair.ts";
import type { ExistingBans } from "./existing_bans.ts";
import { FormatWatch } from "./format_watch.ts";
import { HeldPositions } from "./held_positions.ts";
import { LogHabit } from "../tail/log_habit.ts";
import { jailInRefused, type LogEvent } from "../fail2ban/log_line.ts";
import { LogScanner } from "../fail2ban/log_scanner.ts";
import { type LogFormat } from "../fail2ban/log_format.ts";
import { RestartFilter } from "./restart_filter.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import { PositionKeeper } from "./position_keeper.ts";
import type { ReportedBansKeeper } from "./reported_bans_keeper.ts";
import type {
  LineBatch,
  LineSource,
  LogPosition,
  PositionStore,
} from "../tail/ports.ts";
import type { TicketOracle } from "../fail2ban/ports.ts";
import {
  Reporter,
  type ReporterCounters,
  type ReporterOptions,
} from "./reporter.ts";
import { Mutex } from "../async/mutex.ts";
import { Condition, runTogether } from "../async/tasks.ts";

/** Options for {@link Monitor}. */
export interface MonitorOptions extends ReporterOptions {
  /** fail2ban's log. */
  readonly lines: LineSource;
  /** fail2ban's database. */
  readonly oracle: TicketOracle;
  /** The existing bans, if they still have to be reported. */
  readonly existing?: ExistingBans | undefined;
  /** Compares the reported bans with fail2ban's. */
  readonly drift?: DriftRepair | undefined;
  /** Keeps the reported bans from one run to the next. */
  readonly reported?: ReportedBansKeeper | undefined;
  /** Stores the position before which everything is answered. */
  readonly positions: PositionStore;
  /** How the log's lines begin. */
  readonly logFormat: LogFormat;
  /** How long an unban waits for signs of a restart, in milliseconds. */
  readonly unbanHoldMs: number;
}

/** Counters of a {@link Monitor} since its start. */
export interface MonitorCounters extends ReporterCounters {
  /**
   * Lines of fail2ban's actions that can't be shared: user names, odd jails.
   */
  unshareable: number;
  /** Bans and unbans that an action of a jail failed to carry out. */
  actionFailures: number;
}

/** Time for answers at a stop; the next start repeats unanswered reports. */
const DRAIN_MS = 1_000;
const UNDONE = { ban: "a ban", reban: "a ban", unban: "an unban" } as const;
/** Interval between attempts to list fail2ban's bans. */
const ASK_INTERVAL_MS = 5_000;

/** Where an event comes from. */
interface Source {
  readonly id: EventId;
  readonly line: string;
}

/** Follows the log and reports until stopped. */
export class Monitor {
  /** What was done so far. */
  readonly counters: MonitorCounters = {
    reported: 0,
    refused: 0,
    ignored: 0,
    echoes: 0,
    corrected: 0,
    over: 0,
    unshareable: 0,
    actionFailures: 0,
  };
  /** Whether the log's lines have the right format. */
  readonly format: FormatWatch;
  readonly #options: MonitorOptions;
  readonly #scanner: LogScanner;
  readonly #session: RestartFilter;
  readonly #reporter: Reporter;
  readonly #troubleLog: LogThrottle;
  readonly #changed = new Condition();
  readonly #mutex = new Mutex();
  readonly #marks: PositionKeeper;
  readonly #heldPlaces: HeldPositions;
  #lastEnd: LogPosition | undefined;
  #lastReadMs: number | undefined;
  readonly #habit = new LogHabit();
  /** The existing bans are reported once this many reports are settled. */
  #importedAt: number;

  /** @param options See {@link MonitorOptions}. */
  constructor(options: MonitorOptions) {
    this.#options = options;
    const { existing, link, unbanHoldMs, logFormat, log, clock } = options;
    this.format = new FormatWatch(logFormat, log, clock);
    this.#scanner = new LogScanner(logFormat, this.format);
    this.#session = new RestartFilter({
      unbanHoldMs,
      sharesIncreases: link.carriesTimes,
    });
    this.#heldPlaces = new HeldPositions((line) => this.#session.holds(line));
    this.#marks = new PositionKeeper(options);
    this.#importedAt = existing === undefined ? 0 : Infinity;
    this.#troubleLog = new LogThrottle(options.log, options.clock);
    this.#reporter = new Reporter(options, this.#troubleLog, this.counters);
  }

  /** Why the log position can't be stored; `undefined`: it can. */
  get placeTrouble(): string | undefined {
    return this.#marks.trouble;
  }

  /** Milliseconds since a line was last read; `null`: none was read yet. */
  get logReadAgoMs(): number | null {
    if (this.#lastReadMs === undefined) return null;
    return Math.round(this.#options.clock.monotonicMs() - this.#lastReadMs);
  }

  /** Milliseconds of unusual silence of the log; `undefined`: none. */
  get logSilentMs(): number | undefined {
    return this.#habit.silentMs(this.#options.clock.monotonicMs());
  }

  /** Number of unbans that wait for signs of a restart. */
  get held(): number {
    return this.#session.heldCount;
  }

  /**
   * Follows the log and reports until aborted; then waits briefly for answers.
   *
   * @param signal Ends it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { link, dryRun, existing, drift, reported } = this.#options;
    const afterwards = new AbortController();
    const linkRun = dryRun ? undefined : link.run(afterwards.signal);
    try {
      await runTogether(signal, [
        ...(linkRun === undefined ? [] : [endOf(linkRun)]),
        (group) => this.#read(group),
        (group) => this.#releaseHeld(group),
        (group) => this.#marks.run(group),
        (group) =>
          this.#reporter.correctEnds(
            (work) => this.#exclusively(group, work),
            group,
          ),
        ...(drift === undefined ? [] : [(group: AbortSignal) =>
          drift.run(
            this.#reporter,
            (work) => this.#exclusively(group, work),
            group,
          )]),
        (group) => this.#takeBackIgnored(group),
        (group) => this.#followEpoch(group),
        ...(reported === undefined
          ? []
          : [(group: AbortSignal) => reported.run(link, group)]),
        ...(existing === undefined
          ? []
          : [(group: AbortSignal) => this.#import(existing, group)]),
      ]);
      await this.#drain();
    } finally {
      afterwards.abort();
      this.#troubleLog.flush();
      await linkRun;
    }
  }

  /** A new store may lack what was reported before. */
  async #followEpoch(signal: AbortSignal): Promise<void> {
    const { known, link, log } = this.#options;
    while (known !== undefined && link.otherEpoch !== undefined) {
      const before = known.epoch;
      const epoch = await link.otherEpoch(before, signal);
      if (before !== undefined) {
        const bans = await this.#reporter.standing.reportAll(
          (work) => this.#exclusively(signal, work),
          signal,
        );
        const event =
          "the publisher has another store: it was told what stands";
        log.record("notice", event, { bans });
      }
      known.noteEpoch(epoch);
    }
    await new Condition().wait(signal);
  }

  async #takeBackIgnored(signal: AbortSignal): Promise<void> {
    const bans = await this.#reporter.standing.takeBackIgnored(
      (work) => this.#exclusively(signal, work),
      signal,
    );
    if (bans > 0) {
      const event = "took back what was reported of jails that are ignored now";
      this.#options.log.record("notice", event, { bans });
    }
    await new Condition().wait(signal);
  }

  async #read(signal: AbortSignal): Promise<void> {
    for await (const batch of this.#options.lines.batches(signal)) {
      await this.#exclusively(signal, async () => {
        await this.#handleAll(batch, signal);
        // Reading must not restart within a line.
        if (!this.#scanner.endsInCut) this.#lastEnd = batch.end;
        this.#lastReadMs = this.#options.clock.monotonicMs();
        this.#habit.noteRead(this.#lastReadMs);
        this.#moveMark();
      });
    }
  }

  async #handleAll(batch: LineBatch, signal: AbortSignal): Promise<void> {
    this.#options.lineClock?.follow(batch.writtenAfterMs);
    const { fingerprint, rotations = 0 } = batch.end;
    const { bytes, startBytes } = batch;
    for (const placed of this.#scanner.scan(bytes)) {
      const { event, line } = placed;
      const place = { startBytes: startBytes + placed.startBytes };
      const id = eventIdOfLine({ fingerprint, rotations, ...place }, line);
      await this.#handle(event, { id, line }, signal);
    }
  }

  /** Reports the existing bans between two batches of lines. */
  async #import(existing: ExistingBans, signal: AbortSignal): Promise<void> {
    const { clock, link, log } = this.#options;
    const tryNow = async () => {
      const sinceMs = clock.monotonicMs();
      const bans = await existing.list(signal);
      this.#reporter.blockedMs += clock.monotonicMs() - sinceMs;
      if (bans === undefined) return false;
      for (const ban of bans) {
        await this.#reporter.report({ kind: "ban", line: "", ...ban }, signal);
      }
      log.record("notice", "reporting the bans that were there", {
        bans: bans.length,
      });
      return true;
    };
    while (!await this.#exclusively(signal, tryNow)) {
      await clock.delay(ASK_INTERVAL_MS, signal);
    }
    this.#importedAt = link.counters.submitted;
    await link.waitSettled(this.#importedAt, signal);
    this.#moveMark();
    await new Condition().wait(signal);
  }

  /**
   * Keeps lines and the release of held unbans apart: decisions are reported in
   * order, and a position covers all events before it.
   */
  async #exclusively<T>(
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    return await this.#mutex.withLock(signal, work);
  }

  /**
   * The restart filter's time. It stands still while reports can't be handed
   * over, because lines that contradict a held unban then wait unread.
   */
  #sessionMs(): number {
    return this.#options.clock.monotonicMs() - this.#reporter.blockedMs;
  }

  async #handle(
    event: LogEvent,
    { id, line }: Source,
    signal: AbortSignal,
  ): Promise<void> {
    const { oracle, clock } = this.#options;
    if (event.kind === "refused") {
      this.counters.unshareable++;
      const jail = event.reason === "jail" || event.reason === "bytes"
        ? jailInRefused(line)
        : undefined;
      this.#troubleLog.record("warning", "line can't be shared", {
        reason: event.reason,
        ...(jail === undefined ? {} : { jail }),
      });
      return;
    }
    if (event.kind === "action_failed") {
      const { jail, verb, action, address } = event;
      this.counters.actionFailures++;
      const what = `fail2ban could not carry out ${UNDONE[verb]}`;
      this.#troubleLog.record("warning", what, { jail, action, address });
      return;
    }
    const state = event.kind === "unban"
      ? oracle.ticketState(event.jail, event.address, clock.nowMs())
      : "unknown";
    this.#options.drift?.observe(
      event,
      state === "in_force",
      this.#options.lineClock?.timeOf(line, clock.nowMs()) ?? clock.nowMs(),
    );
    const shared = this.#session.push(event, state, this.#sessionMs(), id);
    if (event.kind === "unban") {
      this.#heldPlaces.add({ ...event, id }, this.#lastEnd);
    }
    for (const found of shared) {
      await this.#reporter.report({ ...found, line }, signal);
    }
    this.#changed.notify();
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
      await this.#exclusively(signal, async () => {
        for (const report of this.#session.tick(this.#sessionMs())) {
          await this.#reporter.report({ ...report, line: "" }, signal);
        }
        this.#moveMark();
      });
    }
  }

  /**
   * The position only moves past lines whose events have all left this process.
   */
  #moveMark(): void {
    const held = this.#heldPlaces.first;
    const { link, lineClock } = this.#options;
    const position = held === undefined ? this.#lastEnd : held.from;
    if (position === undefined) return;
    const isImported = link.settled >= this.#importedAt;
    const behindMs = lineClock?.offsetMs ?? 0;
    this.#marks.move({
      ...position,
      ...(behindMs === 0 ? {} : { behindMs }),
      ...(isImported ? {} : { importing: true }),
    });
  }

  async #drain(): Promise<void> {
    const { link, clock, log, reported } = this.#options;
    await runTogether(new AbortController().signal, [
      (group) => link.waitSettled(link.counters.submitted, group),
      (group) => clock.delay(DRAIN_MS, group),
    ]);
    const unanswered = link.counters.submitted - link.settled;
    if (unanswered > 0) {
      log.record("warning", "stopping with unanswered reports", { unanswered });
    }
    await this.#marks.finish();
    await reported?.finish(link);
  }
}

/** A task that ends with the work; an abort leaves the work running. */
function endOf(work: Promise<void>): (signal: AbortSignal) => Promise<void> {
  return (signal) => Promise.race([work, new Condition().wait(signal)]);
}
