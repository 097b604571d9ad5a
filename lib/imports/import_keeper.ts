/**
 * Makes the bans of imports match their lists: by difference, in short steps,
 * and after a restart where the last run was interrupted.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Mutex } from "../async/mutex.ts";
import type { SharedTurns } from "../async/shared_turns.ts";
import { Condition } from "../async/tasks.ts";
import { type BanHub, BusyError } from "../ban/ban_hub.ts";
import { hasChanged, type HubVerdict } from "../ban/decision_batch.ts";
import type { TableEvent } from "../ban/ban_decision.ts";
import type { ImportRecords, StoredImport } from "../ban/import_records.ts";
import type { Address } from "../base/address.ts";
import { RuntimeError } from "../base/errors.ts";
import {
  type ImportName,
  importOrigin,
  LIST_JAIL,
} from "../base/operator_name.ts";
import type { Log } from "../log/log.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import { eachInTurns, writeInTurn } from "../async/each_in_turns.ts";
import { StepSize } from "../async/step_size.ts";

/** Options for {@link ImportKeeper}. */
export interface ImportKeeperOptions {
  readonly hub: Pick<BanHub, "submit" | "table">;
  readonly imports: ImportRecords;
  readonly clock: Clock;
  readonly turns: SharedTurns;
  readonly log: Log;
}

/** The changes that made the bans of an import match its list. */
export interface ImportDifference {
  readonly added: number;
  readonly gone: number;
  readonly standing: number;
  readonly lifted: number;
}

/** Progress of some work. */
export interface WorkProgress {
  done: number;
  total: number;
}

/** An import whose bans have to match its list. */
interface Wish {
  readonly name: ImportName;
  readonly progress: WorkProgress;
  readonly resolve: (difference: ImportDifference) => void;
  readonly reject: (error: unknown) => void;
}

/** Pause after a failure. */
const RETRY_MS = 2_000;
/** Pause when the hub is overloaded. */
const BUSY_MS = 100;
const PAGE_ENTRIES = 200;
/** Number of rows deleted in a step. */
const SWEPT_AT_ONCE = 500;
/** Tolerance for a report's end: all reports of an import have the same end. */
const SAME_END_MS = 1_000;

/** Keeps the bans of imports. */
export class ImportKeeper {
  readonly #options: ImportKeeperOptions;
  readonly #mutex = new Mutex();
  readonly #changed = new Condition();
  readonly #steps = new StepSize();
  readonly #troubleLog: TroubleLog;
  #wishes: Wish[] = [];

  /** @param options See {@link ImportKeeperOptions}. */
  constructor(options: ImportKeeperOptions) {
    this.#options = options;
    this.#troubleLog = new TroubleLog({
      ...options,
      trouble: "the bans of an import can't be made those of its list yet",
      over: "the bans of imports are those of their lists",
    });
  }

  /** Does some work while nobody else changes imports. */
  async alone<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return await this.#mutex.withLock(signal, work);
  }

  /**
   * Makes the bans of an import match its newly taken list. The work goes on
   * whether or not anybody waits for it. The caller takes the list and calls
   * this within the same {@link ImportKeeper.alone}.
   *
   * @param progress Receives the progress.
   * @throws {RuntimeError} when the first attempt fails; it is repeated.
   */
  settle(
    name: ImportName,
    progress: WorkProgress,
  ): Promise<ImportDifference> {
    const { promise, resolve, reject } = Promise.withResolvers<
      ImportDifference
    >();
    this.#wishes.push({ name, progress, resolve, reject });
    this.#changed.notify();
    // The caller may have gone.
    promise.catch(() => {});
    return promise;
  }

  /** Works until aborted; begins with what an earlier run left. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#work(signal);
    } finally {
      const stopped = new RuntimeError("the publisher stops", {
        hint: "what was taken is carried out at its next start",
      });
      for (const { reject } of this.#wishes.splice(0)) reject(stopped);
      this.#troubleLog.flush();
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (true) {
      const [wish] = this.#wishes;
      try {
        if (wish === undefined) await this.#settleRest(signal);
        else wish.resolve(await this.#settledAsAsked(wish, signal));
        this.#troubleLog.resolve();
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        if (wish !== undefined) this.#wishes.shift();
        wish?.reject(error);
        this.#troubleLog.report(error.message);
        await clock.delay(RETRY_MS, signal);
        continue;
      }
      if (wish !== undefined) this.#wishes.shift();
      else if (this.#wishes.length === 0) await this.#changed.wait(signal);
    }
  }

  /** Settles all imports that nobody waits for. */
  async #settleRest(signal: AbortSignal): Promise<void> {
    const progress = { done: 0, total: 0 };
    await this.alone(signal, async () => {
      for (const each of this.#options.imports.all()) {
        const isAsked = this.#wishes.some(({ name }) => name === each.name);
        if (each.state === "settled" || isAsked) continue;
        await this.#settled(each, progress, signal);
      }
      await this.#sweep(signal);
    });
  }

  async #settledAsAsked(
    { name, progress }: Wish,
    signal: AbortSignal,
  ): Promise<ImportDifference> {
    return await this.alone(signal, async () => {
      const all = this.#options.imports.all();
      const wanted = all.find((each) => each.name === name);
      return wanted === undefined
        ? NO_DIFFERENCE
        : await this.#settled(wanted, progress, signal);
    });
  }

  async #settled(
    wanted: StoredImport,
    progress: WorkProgress,
    signal: AbortSignal,
  ): Promise<ImportDifference> {
    const { imports, log } = this.#options;
    const { name } = wanted;
    const difference = await this.#makeSo(wanted, progress, signal);
    if (wanted.state === "leaving") await imports.forget(name);
    else await imports.take({ ...wanted, state: "settled" });
    log.record("notice", "the bans of an import are those of its list", {
      import: name,
      ...difference,
    });
    return difference;
  }

  async #makeSo(
    wanted: StoredImport,
    progress: WorkProgress,
    signal: AbortSignal,
  ): Promise<ImportDifference> {
    const { hub: { table }, turns } = this.#options;
    const origin = importOrigin(wanted.name);
    const missing = await this.#listed(wanted, signal);
    const gone: TableEvent[] = [];
    const moved: TableEvent[] = [];
    let standing = 0;
    await eachInTurns(
      turns,
      table.bans(),
      signal,
      ({ jail, address, reports }) => {
        if (jail !== LIST_JAIL) return;
        const known = reports.find((report) => report.origin === origin);
        if (known === undefined) return;
        const sinceMs = missing.get(address);
        if (sinceMs === undefined) {
          gone.push({ kind: "withdraw", jail, address, origin });
          return;
        }
        standing++;
        missing.delete(address);
        if (isSameEnd(known.expiresMs, wanted.endsMs)) return;
        moved.push(reportOf(wanted, address, sinceMs));
      },
    );
    progress.total = gone.length + moved.length + missing.size;
    const taken = await this.#submit(gone, progress, signal);
    await this.#submit(moved, progress, signal);
    const begun = await this.#submit(
      reportsOf(wanted, missing),
      progress,
      signal,
    );
    const { changed: added, known: lifted } = begun;
    return { added, gone: taken.changed, standing, lifted };
  }

  /** The addresses of an import's list, and since when it has had each. */
  async #listed(
    { list, state, endsMs }: StoredImport,
    signal: AbortSignal,
  ): Promise<Map<Address, number>> {
    const { imports, turns, clock } = this.#options;
    const listed = new Map<Address, number>();
    if (state === "leaving" || endsMs <= clock.nowMs()) return listed;
    let last: Address | undefined;
    for (let isDone = false; !isDone;) {
      await turns.take(signal, (isOver) => {
        do {
          const page = imports.entries(list, last, PAGE_ENTRIES);
          for (const { address, sinceMs } of page) {
            listed.set(address, sinceMs);
          }
          last = page.at(-1)?.address;
          isDone = page.length < PAGE_ENTRIES;
        } while (!isDone && !isOver());
      });
    }
    return listed;
  }

  /**
   * Submits events in short steps, so that a report waits for one step at most.
   */
  async #submit(
    events: Iterable<TableEvent>,
    progress: WorkProgress,
    signal: AbortSignal,
  ): Promise<VerdictCounts> {
    const { clock } = this.#options;
    const counts: VerdictCounts = { changed: 0, known: 0 };
    const all = events[Symbol.iterator]();
    for (let isDone = false; !isDone;) {
      const step: TableEvent[] = [];
      while (step.length < this.#steps.size && !isDone) {
        const next = all.next();
        isDone = next.done === true;
        if (next.done !== true) step.push(next.value);
      }
      if (step.length === 0) break;
      const startMs = clock.monotonicMs();
      for (const verdict of await this.#keep(step, signal)) {
        if (hasChanged(verdict)) counts.changed++;
        else if (verdict === "known") counts.known++;
      }
      const tookMs = clock.monotonicMs() - startMs;
      this.#steps.note(step.length, tookMs);
      progress.done += step.length;
      await clock.delay(Math.max(1, tookMs), signal);
    }
    return counts;
  }

  async #keep(
    step: readonly TableEvent[],
    signal: AbortSignal,
  ): Promise<readonly HubVerdict[]> {
    const { hub, clock } = this.#options;
    while (true) {
      try {
        return await hub.submit(step.map((event) => ({ event })));
      } catch (error) {
        if (!(error instanceof BusyError)) throw error;
        signal.throwIfAborted();
        await clock.delay(BUSY_MS, signal);
      }
    }
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const { imports, turns } = this.#options;
    const sweep = () => imports.sweep(SWEPT_AT_ONCE);
    while (await writeInTurn(turns, signal, sweep));
  }
}

type VerdictCounts = Record<"changed" | "known", number>;

const NO_DIFFERENCE: ImportDifference = {
  added: 0,
  gone: 0,
  standing: 0,
  lifted: 0,
};

function* reportsOf(
  wanted: StoredImport,
  listed: ReadonlyMap<Address, number>,
): Generator<TableEvent, void, undefined> {
  for (const [address, sinceMs] of listed) {
    yield reportOf(wanted, address, sinceMs);
  }
}

/**
 * Dated to when the list first had the address, so that a later lift by an
 * operator stays in force.
 */
function reportOf(
  { name, endsMs }: StoredImport,
  address: Address,
  sinceMs: number,
): TableEvent {
  return {
    kind: "report",
    jail: LIST_JAIL,
    address,
    origin: importOrigin(name),
    expiresMs: endsMs,
    madeMs: sinceMs,
    isExact: true,
  };
}

function isSameEnd(left: number, right: number): boolean {
  return left === right || Math.abs(left - right) < SAME_END_MS;
}
