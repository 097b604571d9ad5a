/**
 * Where everything that is reported comes together: decided, numbered, kept,
 * and only then answered and told.
 *
 * What waits is kept together, in one step of the store: the more comes at
 * once, the less each costs (group commit).
 *
 * @module
 */

import type { Change } from "./ban.ts";
import { ANY_NODE, type QuorumOf } from "./ban_decision.ts";
import { type BanStep, BanTable } from "./ban_table.ts";
import type { BanStore, StoreEntry } from "./ban_store.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import {
  DecisionBatch,
  type HubRequest,
  type HubVerdict,
} from "./decision_batch.ts";
import { RuntimeError } from "../base/errors.ts";
import { HostSpellings } from "./host_spellings.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import { Condition } from "../async/tasks.ts";

/** A change that is kept, and what it did. */
export interface KeptChange extends BanStep {
  /** What was decided. */
  readonly change: Change;
}

/** What a hub is made of. */
export interface BanHubOptions {
  /** Where changes are kept; nobody else appends to it. */
  readonly store: BanStore;
  /** Time. */
  readonly clock: Clock;
  /** Where to tell. */
  readonly log: Log;
  /** Told of changes in their order, once they are kept. Must not throw. */
  readonly onKept: (kept: readonly KeptChange[]) => void;
  /** How many nodes a ban takes. @default {ANY_NODE} */
  readonly quorumOf?: QuorumOf;
  /** Reports of a node that may stand. @default {Infinity} */
  readonly maxReports?: number;
  /**
   * Lets what has arrived be handed over before the next step: while one is
   * kept nothing is heard. @default {nothing is waited for}
   */
  readonly gather?: (signal: AbortSignal) => Promise<void>;
  /** Events that may wait to be kept. @default {20000} */
  readonly maxWaiting?: number;
  /** Events that are kept in one step at most. @default {2000} */
  readonly maxAtOnce?: number;
}

/** What a hub has done so far. */
export interface BanHubCounters {
  /** Changes kept. */
  changes: number;
  /** Events that changed nothing. */
  unchanged: number;
  /** Steps in which changes were kept. */
  commits: number;
  /** Events that could not be kept: who reported them tries again. */
  unkept: number;
}

/** Too much waits already, or the hub has stopped: nothing was taken. */
export class BusyError extends Error {
  /** As of any error. */
  override readonly name = "BusyError";
}

const STOPPED = "Cannot take events: the hub has stopped";

interface WaitingRequest {
  readonly requests: readonly HubRequest[];
  readonly verdicts: PromiseWithResolvers<readonly HubVerdict[]>;
}

/** Decides, keeps, tells. One at a time has a store. */
export class BanHub {
  /** What was done so far. */
  readonly counters: BanHubCounters = {
    changes: 0,
    unchanged: 0,
    commits: 0,
    unkept: 0,
  };
  readonly #options: Required<BanHubOptions>;
  readonly #table: BanTable;
  readonly #troubleLog: TroubleLog;
  readonly #changed = new Condition();
  readonly #names = new HostSpellings();
  #hasEnded = false;
  #waiting: WaitingRequest[] = [];
  #waitingEvents = 0;

  /**
   * Makes a hub with the table that the store has.
   *
   * @param options What the hub is made of.
   */
  constructor(options: BanHubOptions) {
    this.#options = {
      quorumOf: ANY_NODE,
      maxReports: Infinity,
      gather: () => Promise.resolve(),
      maxWaiting: 20_000,
      maxAtOnce: 2_000,
      ...options,
    };
    const { store, clock, log } = options;
    this.#table = new BanTable(
      this.#names.known(store.bans(clock.nowMs())),
      store.seq,
    );
    this.#troubleLog = new TroubleLog({
      log,
      clock,
      trouble: "reports can't be kept, and are not acknowledged",
      over: "reports are kept again",
      fields: {},
    });
  }

  /** The bans that stand. */
  get table(): Pick<
    BanTable,
    "bans" | "find" | "reportsOf" | "seq" | "size"
  > {
    return this.#table;
  }

  /** Events that wait to be kept. */
  get waiting(): number {
    return this.#waitingEvents;
  }

  /**
   * Hands events over, to be kept together in this order.
   *
   * @param requests The events.
   * @returns What became of each, once they are kept.
   * @throws {BusyError} when too much waits; nothing was taken.
   * @throws {RuntimeError} when they can't be kept; none was.
   */
  submit(requests: readonly HubRequest[]): Promise<readonly HubVerdict[]> {
    const { maxWaiting } = this.#options;
    if (this.#hasEnded) return Promise.reject(new BusyError(STOPPED));
    if (this.#waitingEvents + requests.length > maxWaiting) {
      return Promise.reject(new BusyError("Cannot take events: too many wait"));
    }
    const verdicts = Promise.withResolvers<readonly HubVerdict[]>();
    this.#waiting.push({ requests, verdicts });
    this.#waitingEvents += requests.length;
    this.#changed.notify();
    return verdicts.promise;
  }

  /**
   * Keeps what is handed over until aborted; what waits then is not taken.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { gather } = this.#options;
    try {
      while (true) {
        while (this.#waiting.length === 0) await this.#changed.wait(signal);
        await this.#keep(this.#nextWaiting());
        signal.throwIfAborted();
        await gather(signal);
      }
    } finally {
      this.#hasEnded = true;
      const stopped = new BusyError(STOPPED);
      for (const { verdicts } of this.#waiting) verdicts.reject(stopped);
      this.#waiting = [];
      this.#troubleLog.flush();
    }
  }

  /** Lets time pass: bans end by themselves, in every copy alike. */
  expire(): void {
    this.#table.expire(this.#options.clock.nowMs());
  }

  #nextWaiting(): readonly WaitingRequest[] {
    const { maxAtOnce } = this.#options;
    let events = 0;
    const more = this.#waiting.findIndex(({ requests }, index) => {
      events += requests.length;
      return index > 0 && events > maxAtOnce;
    });
    const taken = this.#waiting.splice(0, more < 0 ? Infinity : more);
    for (const { requests } of taken) this.#waitingEvents -= requests.length;
    return taken;
  }

  async #keep(taken: readonly WaitingRequest[]): Promise<void> {
    const { store, clock } = this.#options;
    const nowMs = clock.nowMs();
    const batch = new DecisionBatch(this.#table, this.#options, nowMs);
    let verdicts: readonly (readonly HubVerdict[])[];
    try {
      verdicts = taken.map(({ requests }) =>
        requests.map((request) => batch.decide(this.#spelled(request)))
      );
      await store.append(batch.entries, nowMs);
    } catch (error) {
      this.#refuse(taken, error);
      return;
    }
    this.#troubleLog.resolve();
    this.#publish(batch.entries);
    taken.forEach((each, index) =>
      each.verdicts.resolve(verdicts[index] ?? [])
    );
  }

  /** A node's name is written as it was first, so that it has one row and one report. */
  #spelled(request: HubRequest): HubRequest {
    const { event, name } = request;
    if (event.kind === "lift") return request;
    const origin = this.#names.spell(event.origin);
    return {
      ...request,
      event: { ...event, origin },
      ...(name === undefined ? {} : { name: { ...name, origin } }),
    };
  }

  #publish(entries: readonly StoreEntry[]): void {
    const kept = entries.flatMap(({ change }) =>
      change === undefined ? [] : [{ change, ...this.#table.apply(change) }]
    );
    this.counters.commits++;
    this.counters.changes += kept.length;
    this.counters.unchanged += entries.length - kept.length;
    if (kept.length > 0) this.#options.onKept(kept);
  }

  #refuse(taken: readonly WaitingRequest[], error: unknown): void {
    for (const { verdicts, requests } of taken) {
      this.counters.unkept += requests.length;
      verdicts.reject(error);
    }
    if (!(error instanceof RuntimeError)) throw error;
    this.#troubleLog.report(error.message);
  }
}
