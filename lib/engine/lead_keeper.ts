/**
 * Runs one of several publishers: as a standby that keeps its copy up to date,
 * and at times as the active one.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { EitherSignal } from "../async/either_signal.ts";
import { inTime, runTogether } from "../async/tasks.ts";
import { RuntimeError } from "../base/errors.ts";
import type { CopyStore } from "../ban/ban_store.ts";
import type { Log } from "../log/log.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import { Handover } from "./handover.ts";
import {
  isSure,
  LEAD_PACE,
  type LeadEffect,
  type LeadEvent,
  type LeadPace,
  type LeadState,
  leadStep,
  STANDBY,
} from "./lead_state.ts";
import { LogFollower, OtherLogError } from "./log_follower.ts";
import { LeadWatch } from "./lead_watch.ts";
import { LogTrimmer } from "./log_trimmer.ts";
import { SharedBanStore } from "./shared_ban_store.ts";
import type { SharedSnapshots } from "./shared_snapshots.ts";
import {
  type SnapshotLimits,
  SnapshotWriter,
  type TakeImage,
} from "./snapshot_writer.ts";
import type {
  LogView,
  SeenVersions,
  SharedLog,
  SharedRecord,
} from "./shared_log.ts";
import { StandbyClock } from "./standby_clock.ts";
import { StoreUpkeep } from "../ban/store_upkeep.ts";

/** What an active publisher needs. */
export interface ActiveTerm {
  /** The store that all publishers share. */
  readonly store: SharedBanStore;
  /** Whether the log answers: otherwise no new node may be admitted. */
  readonly isSure: () => boolean;
  /** Receives the store's time, which standbys continue. */
  readonly showTime: (storeMs: () => number) => void;
}

/**
 * Serves while this publisher is active; ends soon after its signal is aborted.
 */
export type ServeTerm = (
  term: ActiveTerm,
  signal: AbortSignal,
) => Promise<void>;

/** Options for {@link LeadKeeper}. */
export interface LeadKeeperOptions {
  readonly log: SharedLog;
  readonly copy: CopyStore;
  /** Retention of the history, in milliseconds. */
  readonly keepHistoryMs: number;
  readonly clock: Clock;
  readonly records: Log;
  /** Digest of the settings that affect this publisher's decisions. */
  readonly settings: string;
  /** This publisher's name, shown to operators. */
  readonly name: string;
  /** Creates a record's ID. */
  readonly newId: () => string;
  /** A random number from 0 to 1. */
  readonly chance: () => number;
  /** @default {LEAD_PACE} */
  readonly pace?: LeadPace;
  /** Where new hosts get their first copy. @default {nowhere} */
  readonly snapshots?: {
    readonly shared: SharedSnapshots;
    readonly takeImage: TakeImage;
    /** @default {SNAPSHOT_LIMITS} */
    readonly limits?: SnapshotLimits;
  };
}

/** Its state for `status`. */
export interface LeadFigures {
  readonly [name: string]: string | number | boolean;
  readonly role: LeadState["role"];
  /** The active publisher, or `nobody`. */
  readonly active: string;
  readonly term: number;
  readonly engineAnswers: boolean;
  /** Number of the log's records that this host's copy lacks. */
  readonly behind: number;
  /** Number of this host's records since the last snapshot. */
  readonly snapshotLag: number;
  /**
   * Whether the active publisher has different settings, as far as a standby
   * knows.
   */
  readonly settingsDiffer: boolean;
}

/** Keeps one publisher in its role. */
export class LeadKeeper {
  readonly #options: LeadKeeperOptions & { readonly pace: LeadPace };
  readonly #follower: LogFollower;
  readonly #trimmer: LogTrimmer;
  readonly #watch: LeadWatch;
  readonly #time: StandbyClock;
  readonly #upkeep: StoreUpkeep;
  readonly #troubleLog: TroubleLog;
  readonly #writer: SnapshotWriter | undefined;
  readonly #onRecord = (record: SharedRecord) => {
    this.#trimmer.note(record.index, record.step.length);
    this.#writer?.note(record);
  };
  #state: LeadState = STANDBY;
  #view: LogView | undefined;
  #answers = false;
  #settingsDiffer = false;
  #storeMs: (() => number) | undefined;

  /** @param options See {@link LeadKeeperOptions}. */
  constructor(options: LeadKeeperOptions) {
    this.#options = { pace: LEAD_PACE, ...options };
    const { records, clock } = options;
    this.#trimmer = new LogTrimmer(options);
    this.#watch = new LeadWatch(options);
    this.#follower = new LogFollower({
      ...options,
      onRecord: this.#onRecord,
    });
    this.#time = new StandbyClock(options);
    const { snapshots } = options;
    this.#writer = snapshots && new SnapshotWriter({
      ...{ ...options, ...snapshots, snapshots: snapshots.shared },
      role: () => this.#state.role,
      needsFirst: () => (this.#view?.base.seq ?? 0) > 0,
    });
    this.#upkeep = new StoreUpkeep({
      ...{ store: options.copy, clock: this.#time, log: records },
      keepHistoryMs: options.keepHistoryMs,
      // The active publisher forgets by itself, by its own clock.
      mayForget: () => this.#state.role === "standby" && this.#time.isFollowed,
    });
    this.#troubleLog = new TroubleLog({
      log: records,
      clock,
      trouble: "the shared log can't be followed, and is tried again",
      over: "the shared log is followed again",
    });
  }

  /** Its state. */
  get figures(): LeadFigures {
    const { copy } = this.#options;
    const { lead, head } = this.#view ?? {};
    const role = this.#state.role;
    const lacks = (head?.index ?? 0) - (copy.applied?.index ?? 0);
    return {
      role,
      active: lead?.holder ?? "nobody",
      term: lead?.term ?? 0,
      engineAnswers: this.#answers,
      behind: Math.max(0, lacks),
      snapshotLag: (copy.applied?.index ?? 0) - (this.#writer?.lastIndex ?? 0),
      settingsDiffer: this.#settingsDiffer,
    };
  }

  /**
   * Follows the log, and serves while this publisher is the active one, until
   * aborted.
   *
   * @param signal Ends it; the promise then resolves.
   * @param serve Serves.
   * @throws {OtherLogError} when this host's copy is not of this log.
   */
  async run(signal: AbortSignal, serve: ServeTerm): Promise<void> {
    try {
      await runTogether(signal, [
        (group) => this.#keepRole(group, serve),
        (group) => this.#watch.run(group),
        ...this.#upkeep.tasks,
        ...this.#snapshotTasks(),
      ]);
    } finally {
      this.#troubleLog.flush();
    }
  }

  async #keepRole(signal: AbortSignal, serve: ServeTerm): Promise<void> {
    while (!signal.aborted) {
      const effect = await this.#standBy(signal);
      if (effect !== undefined) await this.#take(effect, signal, serve);
    }
  }

  #snapshotTasks(): readonly ((signal: AbortSignal) => Promise<void>)[] {
    const writer = this.#writer;
    return writer === undefined ? [] : [(group) => writer.run(group)];
  }

  /** Looks at the log until there is an action to take. */
  async #standBy(
    signal: AbortSignal,
  ): Promise<Extract<LeadEffect, { kind: "take" }> | undefined> {
    const { pace, chance, name } = this.#options;
    this.#watch.noteLook();
    const view = await this.#look(signal);
    const effect = this.#step(
      view === undefined
        ? { kind: "unanswered" }
        : { kind: "looked", view, chance: chance(), name },
    );
    if (effect?.kind === "take") return effect;
    await this.#watch.pause(pace.lookMs, signal);
    return undefined;
  }

  /** Reads the log and updates the copy. @returns `undefined`: it can't. */
  async #look(signal: AbortSignal): Promise<LogView | undefined> {
    const { log, copy, clock } = this.#options;
    try {
      const view = await log.look(signal);
      const seenMs = clock.monotonicMs();
      this.#answers = true;
      if (view === undefined) {
        await this.#follower.begin(signal);
        return undefined;
      }
      this.#view = view;
      await this.#follower.catchUp(view, signal);
      await this.#time.note(view, seenMs);
      this.#compareSettings(view);
      copy.table.expire(this.#time.nowMs());
      this.#troubleLog.resolve();
      return view;
    } catch (error) {
      if (!this.#isPassing(error)) throw error;
      return undefined;
    }
  }

  /**
   * Warns about different settings: a ban must not depend on which publisher is
   * active.
   */
  #compareSettings({ beat, lead }: LogView): void {
    const { settings, records } = this.#options;
    const differ = beat !== undefined && lead.holder !== undefined &&
      beat.settings !== settings;
    if (differ && !this.#settingsDiffer) {
      records.record("warning", "settings differ from the active publisher's", {
        active: lead.holder ?? "nobody",
      });
    }
    this.#settingsDiffer = differ;
  }

  /** Whether the error may pass, so that another try makes sense. */
  #isPassing(error: unknown): boolean {
    if (!(error instanceof RuntimeError) || error instanceof OtherLogError) {
      return false;
    }
    this.#answers = false;
    this.#troubleLog.report(error.message);
    return true;
  }

  async #take(
    { seen, term }: Extract<LeadEffect, { kind: "take" }>,
    signal: AbortSignal,
    serve: ServeTerm,
  ): Promise<void> {
    const { log, name, records } = this.#options;
    const lead = { term, holder: name };
    let taken: SeenVersions | undefined;
    try {
      const outcome = await log.take(lead, seen, signal);
      if (outcome.isWritten) taken = outcome.versions;
    } catch (error) {
      if (!this.#isPassing(error)) throw error;
      await this.#watch.pause(this.#options.pace.lookMs, signal);
    }
    if (taken === undefined) {
      this.#step({ kind: "refused" });
      return;
    }
    if (this.#view !== undefined) this.#view = { ...this.#view, lead };
    this.#step({ kind: "taken", term });
    records.record("notice", "this publisher is the active one", { term });
    await this.#time.keep();
    await this.#serve(taken, signal, serve);
  }

  async #serve(
    seen: SeenVersions,
    signal: AbortSignal,
    serve: ServeTerm,
  ): Promise<void> {
    const { log, records, clock, pace } = this.#options;
    const ended = new AbortController();
    let reason: string | undefined;
    const note = (event: LeadEvent) => {
      const effect = this.#step(event);
      // A publisher that is told to stop hands over, whatever fails meanwhile.
      if (effect?.kind !== "stepDown" || reason !== undefined) return;
      if (signal.aborted) return;
      reason = effect.reason;
      ended.abort(new Error(reason));
    };
    using either = new EitherSignal([signal, ended.signal]);
    await using handover = new Handover({
      ...{ log, clock, signal, lead: seen.lead },
      term: this.#view?.lead.term ?? 0,
    });
    const store = new SharedBanStore({
      ...this.#options,
      seen,
      signal: either.signal,
      onRecord: this.#onRecord,
      onLost: (why) => note({ kind: "lost", reason: why }),
    });
    const term: ActiveTerm = {
      store,
      isSure: () => isSure(this.#state, clock.monotonicMs(), pace),
      showTime: (storeMs) => this.#storeMs = storeMs,
    };
    await runTogether(either.signal, [
      (group) => this.#beat(seen, group, note),
      (group) => this.#trimmer.run(group),
      (group) => serve(term, group),
    ]);
    // A standby writes its copy by another path.
    await store.whenIdle();
    this.#storeMs = undefined;
    if (reason !== undefined) {
      records.record("warning", "this publisher steps down", { reason });
    } else await handover.done();
    this.#state = STANDBY;
    this.#settingsDiffer = false;
  }

  async #beat(
    seen: SeenVersions,
    signal: AbortSignal,
    note: (event: LeadEvent) => void,
  ): Promise<void> {
    const { log, clock, settings } = this.#options;
    const { beatMs, silentMs } = this.#options.pace;
    while (true) {
      this.#watch.noteLook();
      const askedMs = clock.monotonicMs();
      const storeMs = this.#storeMs?.() ?? clock.nowMs();
      try {
        // After a long freeze it has to hear the log before it serves anybody.
        const isTaken = await inTime(
          clock,
          silentMs,
          signal,
          (ended) => log.beat({ storeMs, settings }, seen, ended),
        );
        this.#answers = isTaken !== undefined;
        if (isTaken === undefined) note({ kind: "unanswered" });
        else note(isTaken ? { kind: "heard", askedMs } : { kind: "refused" });
        this.#troubleLog.resolve();
      } catch (error) {
        if (!this.#isPassing(error)) throw error;
        note({ kind: "unanswered" });
      }
      await this.#watch.pause(beatMs, signal);
    }
  }

  #step(event: LeadEvent): LeadEffect | undefined {
    const { clock, pace } = this.#options;
    const { state, effect } = leadStep(
      this.#state,
      event,
      clock.monotonicMs(),
      pace,
    );
    this.#state = state;
    return effect;
  }
}
