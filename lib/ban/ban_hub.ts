/**
 * Processes the reports of both protocols: decides, numbers and stores them,
 * and only then answers and broadcasts.
 *
 * All waiting events are stored in one transaction (group commit): the more
 * events arrive at once, the less each of them costs.
 *
 * @module
 */

import type { Change } from "./ban.ts";
import { ANY_NODE, type QuorumOf } from "./ban_decision.ts";
import type { BanTable, TableStep } from "./ban_table.ts";
import { type BanStore, StoreLeftError } from "./ban_store.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import {
  type DecidedEntry,
  DecisionBatch,
  type HubRequest,
  type HubVerdict,
} from "./decision_batch.ts";
import { RuntimeError } from "../base/errors.ts";
import { type GrowthOf, NO_GROWTH } from "./ban_growth.ts";
import { StepSize } from "../async/step_size.ts";
import { HostSpellings } from "./host_spellings.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import { BatchQueue, type Submission } from "../async/batch_queue.ts";

/** A stored change and its effect on the table. */
export interface KeptChange extends TableStep {
  /** The decision. */
  readonly change: Change;
  /**
   * When the node made the ban, by the publisher's clock; `undefined`: unknown.
   */
  readonly madeMs?: number | undefined;
}

/** Options for {@link BanHub}. */
export interface BanHubOptions {
  /** Stores the changes; nobody else may append to it. */
  readonly store: BanStore;
  /** Time. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /**
   * Called with the changes in order, once they are stored. Must not throw.
   */
  readonly onKept: (kept: readonly KeptChange[]) => void;
  /**
   * Called with the duration of each transaction, in milliseconds. Must not
   * throw. @default {nobody is told}
   */
  readonly onCommit?: (tookMs: number) => void;
  /** Gives the quorum of a jail. @default {ANY_NODE} */
  readonly quorumOf?: QuorumOf;
  /** How recurring bans are lengthened. @default {NO_GROWTH} */
  readonly growthOf?: GrowthOf;
  /** Maximum number of reports of one node in the table. @default {Infinity} */
  readonly maxReports?: number;
  /**
   * Lets messages that have arrived be submitted before the next transaction,
   * because storing blocks the process and nothing is received meanwhile. After
   * a quiet moment the answer waits for it, too, unless more events come.
   * @default {does not wait}
   */
  readonly gather?: (signal: AbortSignal) => Promise<void>;
  /** Maximum number of waiting events. @default {20000} */
  readonly maxWaiting?: number;
  /**
   * Maximum number of events in a transaction; the hub takes fewer if these
   * would block other work for too long. @default {2000}
   */
  readonly maxAtOnce?: number;
}

/** Counters of a hub since its start. */
export interface BanHubCounters {
  /** Changes stored. */
  changes: number;
  /** Events that changed nothing. */
  unchanged: number;
  /** Transactions that stored changes. */
  commits: number;
  /** Events that could not be stored; their nodes send them again. */
  unkept: number;
}

/**
 * Too many events wait, or the hub has stopped; nothing was accepted.
 */
export class BusyError extends Error {
  override readonly name = "BusyError";
}

/**
 * How long deciding and publishing may block other work, in milliseconds;
 * storing is extra.
 */
const HELD_MS = 6;
/** With fewer events in a transaction, each would cost too much. */
const MIN_AT_ONCE = 64;
/** Maximum number of events that are submitted together. */
const PART = MIN_AT_ONCE;

const REJECTIONS = {
  full: "Cannot take events: too many wait",
  closed: "Cannot take events: the hub has stopped",
} as const;

/**
 * After so long without an event, in milliseconds, the next one is answered
 * only after the messages about it have had a turn of the event loop: what
 * follows from the answer, such as log records, would hold them up. While events
 * come faster, waiting for answers would hold up the next ones.
 */
const QUIET_MS = 10;

/** What is still to do about submissions that are stored and published. */
interface Kept {
  /** Number of published changes. */
  readonly changes: number;
  /** Resolves the submissions; another call has no effect. */
  readonly answer: () => void;
}

const NOTHING_TO_ANSWER = () => {};
const NOTHING_KEPT: Kept = { changes: 0, answer: NOTHING_TO_ANSWER };

type HubSubmission = Submission<HubRequest, readonly HubVerdict[]>;

/** Decides, stores and broadcasts. Only one hub at a time may use a store. */
export class BanHub {
  /** Counters since the start. */
  readonly counters: BanHubCounters = {
    changes: 0,
    unchanged: 0,
    commits: 0,
    unkept: 0,
  };
  readonly #options: Required<BanHubOptions>;
  readonly #table: BanTable;
  readonly #troubleLog: TroubleLog;
  readonly #names = new HostSpellings();
  /** Number of events that are decided and published in one batch. */
  readonly #steps: StepSize;
  readonly #queue: BatchQueue<HubRequest, readonly HubVerdict[]>;
  #storeTrouble: string | undefined;
  /** When events were last kept, by the monotonic clock. */
  #keptMs = -Infinity;
  /** Answers the last batch, if that is still to be done. */
  #answerHeld = NOTHING_TO_ANSWER;

  /**
   * Creates a hub with the table of the store, after removing expired bans.
   *
   * @param options See {@link BanHubOptions}.
   */
  constructor(options: BanHubOptions) {
    this.#options = {
      quorumOf: ANY_NODE,
      growthOf: NO_GROWTH,
      maxReports: Infinity,
      gather: () => Promise.resolve(),
      onCommit: () => {},
      maxWaiting: 20_000,
      maxAtOnce: 2_000,
      ...options,
    };
    const { store, clock, log, maxWaiting, maxAtOnce } = this.#options;
    this.#steps = new StepSize({
      targetMs: HELD_MS,
      min: Math.min(MIN_AT_ONCE, maxAtOnce),
      max: maxAtOnce,
    });
    this.#queue = new BatchQueue({
      maxWaiting,
      maxBatch: () => this.#steps.size,
      rejection: (why) => new BusyError(REJECTIONS[why]),
    });
    this.#table = store.table;
    this.#table.expire(clock.nowMs());
    for (const origin of this.#table.origins()) this.#names.spell(origin);
    this.#troubleLog = new TroubleLog({
      log,
      clock,
      trouble: "reports can't be kept, and are not acknowledged",
      over: "reports are kept again",
      fields: {},
    });
  }

  /** The table of bans. */
  get table(): Pick<
    BanTable,
    | "bans"
    | "columns"
    | "counts"
    | "find"
    | "jails"
    | "ofAddress"
    | "origins"
    | "reportsOf"
    | "rowOf"
    | "seq"
    | "size"
  > {
    return this.#table;
  }

  /** Number of waiting events. */
  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * Submits events, to be stored in this order: together, or in a few parts if
   * they are many.
   *
   * @param requests The events.
   * @returns The verdict on each, once all are stored.
   * @throws {BusyError} when too many events wait; nothing was accepted.
   * @throws {RuntimeError} when they can't be stored; of several parts, the
   * first ones may be stored.
   */
  async submit(
    requests: readonly HubRequest[],
  ): Promise<readonly HubVerdict[]> {
    const { maxWaiting } = this.#options;
    this.#answer();
    if (requests.length <= PART) return await this.#queue.submit(requests);
    if (this.#queue.size + requests.length > maxWaiting) {
      throw new BusyError(REJECTIONS.full);
    }
    const parts: Promise<readonly HubVerdict[]>[] = [];
    for (let at = 0; at < requests.length; at += PART) {
      parts.push(this.#queue.submit(requests.slice(at, at + PART)));
    }
    // Report a failure only when no part of this submission can be stored any
    // more.
    await Promise.allSettled(parts);
    return (await Promise.all(parts)).flat();
  }

  /**
   * Stores submitted events until aborted; events that wait then are rejected.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { gather, clock } = this.#options;
    try {
      await this.#queue.run(signal, async (batch) => {
        const isQuiet = clock.monotonicMs() - this.#keptMs >= QUIET_MS;
        const { changes, answer } = await this.#keep(batch);
        this.#keptMs = clock.monotonicMs();
        const mayWait = isQuiet && changes > 0 && this.#queue.size === 0;
        if (mayWait) this.#answerHeld = answer;
        else answer();
        try {
          signal.throwIfAborted();
          await gather(signal);
        } finally {
          this.#answer();
        }
      });
    } finally {
      this.#troubleLog.flush();
    }
  }

  /** Answers what is held: the next transaction must not hold it up, too. */
  #answer(): void {
    this.#answerHeld();
    this.#answerHeld = NOTHING_TO_ANSWER;
  }

  /** Why the last attempt to store failed; `undefined`: it succeeded. */
  get storeTrouble(): string | undefined {
    return this.#storeTrouble;
  }

  /**
   * Removes expired bans. This is no change: every copy does the same.
   *
   * @param max Maximum number of bans. @default {Infinity}
   * @returns The effect on each.
   */
  expire(max = Infinity): readonly TableStep[] {
    return this.#table.expire(this.#options.clock.nowMs(), max);
  }

  async #keep(submissions: readonly HubSubmission[]): Promise<Kept> {
    const { store, clock, onCommit } = this.#options;
    const nowMs = clock.nowMs();
    const startMs = clock.monotonicMs();
    const batch = new DecisionBatch(this.#table, this.#options, nowMs);
    let verdicts: readonly (readonly HubVerdict[])[];
    let steps: readonly TableStep[];
    let decidedMs: number;
    try {
      verdicts = submissions.map(({ items }) =>
        items.map((request) => batch.decide(this.#spelled(request)))
      );
      decidedMs = clock.monotonicMs() - startMs;
      steps = await store.append(batch.entries, nowMs);
      onCommit(clock.monotonicMs() - startMs - decidedMs);
    } catch (error) {
      this.#refuse(submissions, error);
      return NOTHING_KEPT;
    }
    this.#storeTrouble = undefined;
    this.#troubleLog.resolve();
    const storedMs = clock.monotonicMs();
    const changes = this.#publish(batch.entries, steps);
    // The duration of a disk write hardly depends on the number of entries.
    const tookMs = decidedMs + clock.monotonicMs() - storedMs;
    this.#steps.note(batch.entries.length, tookMs);
    return {
      changes,
      answer: () =>
        submissions.forEach(({ resolve }, index) =>
          resolve(verdicts[index] ?? [])
        ),
    };
  }

  /**
   * A node keeps the first spelling of its name, so that it has one row and one
   * report.
   */
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

  /** @returns The number of changes. */
  #publish(
    entries: readonly DecidedEntry[],
    steps: readonly TableStep[],
  ): number {
    const changes = entries.flatMap(({ change, madeMs }) =>
      change === undefined ? [] : [{ change, madeMs }]
    );
    const kept = steps.flatMap((step, index): KeptChange[] => {
      const change = changes[index];
      return change === undefined ? [] : [{ ...change, ...step }];
    });
    this.counters.commits++;
    this.counters.changes += kept.length;
    this.counters.unchanged += entries.length - kept.length;
    if (kept.length > 0) this.#options.onKept(kept);
    return kept.length;
  }

  #refuse(submissions: readonly HubSubmission[], error: unknown): void {
    for (const { items, reject } of submissions) {
      this.counters.unkept += items.length;
      reject(error);
    }
    if (!(error instanceof RuntimeError)) throw error;
    if (error instanceof StoreLeftError) return;
    this.#storeTrouble = error.message;
    this.#troubleLog.report(error.message);
  }
}
