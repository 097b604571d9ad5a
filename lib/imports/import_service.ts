/**
 * Imports lists for operators.
 *
 * An uploaded list is judged, staged in the store in short steps, and taken in
 * a single step. Before that step nothing has changed; after it the list
 * counts, however the publisher ends.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { SharedTurns } from "../async/shared_turns.ts";
import type { BanHub } from "../ban/ban_hub.ts";
import type {
  ImportRecords,
  ListedAddress,
  StoredImport,
} from "../ban/import_records.ts";
import type { Address } from "../base/address.ts";
import { durationText } from "../base/duration.ts";
import { RuntimeError } from "../base/errors.ts";
import { type ImportName, importOrigin } from "../base/operator_name.ts";
import type { CurrentPolicy } from "../protection/protection_policy.ts";
import type {
  ImportOrder,
  ImportOutcome,
  ImportPart,
  LiveImport,
} from "../wire/operator_imports.ts";
import { MAX_IMPORTS } from "../wire/operator_imports.ts";
import type { OperatorAnswer } from "../wire/operator_messages.ts";
import { wholeMs } from "../wire/wire_times.ts";
import { eachInTurns, writeInTurn } from "../async/each_in_turns.ts";
import { ImportJudge } from "./import_judge.ts";
import type {
  ImportDifference,
  ImportKeeper,
  WorkProgress,
} from "./import_keeper.ts";
import { ImportUploads, type Upload } from "./import_uploads.ts";
import type { RecordDeed } from "../members/node_records.ts";

/** Options for {@link ImportService}. */
export interface ImportServiceOptions {
  readonly hub: Pick<BanHub, "table">;
  readonly imports: ImportRecords;
  readonly keeper: ImportKeeper;
  readonly protection: CurrentPolicy;
  readonly clock: Clock;
  readonly turns: SharedTurns;
  /** How far the system's clock is ahead of the table's, in milliseconds. */
  readonly aheadMs: () => number;
  readonly record: RecordDeed;
}

/** Interval between progress reports, in milliseconds. */
const TOLD_MS = 250;
/** Number of entries staged in a transaction. */
const STAGED_AT_ONCE = 200;
/**
 * A new end this close to the previous one counts as equal, as a fraction of
 * the import's duration; otherwise every import would change every ban.
 */
const SAME_END_PART = 0.1;

/** Work that makes bans match a list. */
interface SettlingWork {
  readonly progress: WorkProgress;
  readonly settled: Promise<ImportDifference>;
}

/** A list that has been taken. */
interface Taken {
  readonly judge: ImportJudge;
  readonly taken: StoredImport;
  readonly work: SettlingWork;
}

/** Imports lists. */
export class ImportService {
  readonly #options: ImportServiceOptions;
  readonly #uploads: ImportUploads;

  /** @param options See {@link ImportServiceOptions}. */
  constructor(options: ImportServiceOptions) {
    this.#options = options;
    const { clock } = options;
    this.#uploads = new ImportUploads(
      Math.max(0, Math.round(clock.nowMs())),
      () => clock.monotonicMs(),
    );
  }

  /** Begins an upload. @throws {RuntimeError} when it is not allowed. */
  begin(order: ImportOrder): OperatorAnswer {
    const all = this.#options.imports.all();
    if (all.length >= MAX_IMPORTS && !all.some(isOf(order.name))) {
      throw new RuntimeError(`there are ${MAX_IMPORTS} imports already`, {
        hint: "import --remove NAME takes one back",
      });
    }
    return { kind: "upload", upload: this.#uploads.begin(order) };
  }

  /** Adds a part of an upload. */
  add(part: ImportPart): OperatorAnswer {
    return { kind: "done", count: this.#uploads.add(part) };
  }

  /** Lists the imports. */
  list(): OperatorAnswer {
    const { imports, hub: { table }, aheadMs } = this.#options;
    const aheadNowMs = aheadMs();
    return {
      kind: "imports",
      imports: imports.all().slice(0, MAX_IMPORTS).map((each): LiveImport => ({
        name: each.name,
        entries: each.entries,
        standing: table.reportsOf(importOrigin(each.name)),
        atMs: Math.round(each.atMs + aheadNowMs),
        endsMs: wholeMs(each.endsMs + aheadNowMs),
        state: each.state,
      })),
    };
  }

  /**
   * Ends an upload: judges the list, and takes it or refuses it as a whole.
   *
   * @param signal Aborts when the uploader has gone: a list that is not yet
   * taken is then dropped.
   * @returns The progress, and at last the outcome.
   * @throws {RuntimeError} when the list is refused, or can't be stored.
   */
  async *end(
    upload: number,
    signal: AbortSignal,
  ): AsyncGenerator<OperatorAnswer, void, undefined> {
    const { keeper } = this.#options;
    const given = this.#uploads.end(upload);
    const progress = { done: 0, total: 2 * given.addresses.length };
    const taking = keeper.alone(
      signal,
      () => this.#take(given, progress, signal),
    );
    yield* this.#told(taking, progress, signal);
    const { judge, taken, work } = await taking;
    yield* this.#told(work.settled, work.progress, signal);
    yield {
      kind: "imported",
      ...outcomeOf(given, judge, await work.settled),
      endsMs: wholeMs(taken.endsMs + this.#options.aheadMs()),
    };
  }

  /**
   * Removes all bans of an import.
   *
   * @throws {RuntimeError} when there is none.
   */
  async *remove(
    by: string,
    name: ImportName,
    signal: AbortSignal,
  ): AsyncGenerator<OperatorAnswer, void, undefined> {
    const { keeper, imports, hub: { table }, clock, record } = this.#options;
    const work = await keeper.alone(signal, async () => {
      const known = imports.all().find(isOf(name));
      // A store made from a copy has the bans but no record of the import.
      if (known === undefined && table.reportsOf(importOrigin(name)) === 0) {
        throw new RuntimeError(`no import is called ${name}`, {
          hint: "fail2ban-cluster imports lists them",
        });
      }
      const nowMs = clock.nowMs();
      const nothing = { name, list: 0, entries: 0, atMs: nowMs, endsMs: nowMs };
      await imports.take({ ...nothing, ...known, state: "leaving" });
      const work = this.#settle(name);
      await record(by, "import remove", name, "");
      return work;
    });
    yield* this.#told(work.settled, work.progress, signal);
    const { gone } = await work.settled;
    yield { kind: "done", count: gone };
  }

  /** Yields the progress of some work until it succeeds or fails. */
  async *#told(
    work: Promise<unknown>,
    progress: WorkProgress,
    signal: AbortSignal,
  ): AsyncGenerator<OperatorAnswer, void, undefined> {
    const { clock } = this.#options;
    let isOver = false;
    const over = work.then(() => {}, () => {}).then(() => {
      isOver = true;
    });
    while (true) {
      const pause = new AbortController();
      const late = clock.delay(TOLD_MS, pause.signal).catch(() => {});
      await Promise.race([over, late]);
      pause.abort();
      await late;
      if (isOver) return;
      signal.throwIfAborted();
      yield { kind: "progress", ...progress };
    }
  }

  async #take(
    { order, addresses, places }: Upload,
    progress: WorkProgress,
    signal: AbortSignal,
  ): Promise<Taken> {
    const { imports, protection, record, turns } = this.#options;
    const before = imports.all().find((each) =>
      each.name === order.name && each.state !== "leaving"
    );
    const judge = new ImportJudge(protection(), order, before === undefined);
    await eachInTurns(
      turns,
      addresses.entries(),
      signal,
      ([index, address]) => {
        judge.judge(places[index] ?? 0, address);
        progress.done++;
      },
    );
    await this.#refuseWhole(judge, order, signal);
    const list = await this.#staged(judge.accepted, before, progress, signal);
    signal.throwIfAborted();
    const taken: StoredImport = {
      ...{ name: order.name, list, entries: judge.accepted.size },
      ...this.#times(order, before),
      state: "taken",
    };
    await imports.take(taken);
    const work = this.#settle(order.name);
    const span = order.forMs === null
      ? "for ever"
      : `for ${durationText(order.forMs / 1_000)}`;
    const refused = judge.refused + order.faults;
    const noun = taken.entries === 1 ? "entry" : "entries";
    const entries = `${taken.entries} ${noun} ${span}`;
    const detail = refused === 0 ? entries : `${entries}, ${refused} refused`;
    await record(order.by, "import", order.name, detail);
    return { judge, taken, work };
  }

  #settle(name: ImportName): SettlingWork {
    const progress = { done: 0, total: 0 };
    return { progress, settled: this.#options.keeper.settle(name, progress) };
  }

  async #refuseWhole(
    judge: ImportJudge,
    { name }: ImportOrder,
    signal: AbortSignal,
  ): Promise<void> {
    const { turns } = this.#options;
    let covered = 0;
    await eachInTurns(turns, judge.coverage.counts(), signal, (count) => {
      covered += count;
    });
    const refused = judge.whole(covered);
    if (refused === undefined) return;
    throw new RuntimeError(
      `${name} is refused whole, and nothing is changed: ${refused.reason}`,
      { hint: refused.hint },
    );
  }

  /** @returns The number of the list with these addresses. */
  async #staged(
    addresses: ReadonlySet<Address>,
    before: StoredImport | undefined,
    progress: WorkProgress,
    signal: AbortSignal,
  ): Promise<number> {
    const { imports, turns, clock } = this.#options;
    const nowMs = clock.nowMs();
    const entries: ListedAddress[] = [];
    let known = 0;
    await eachInTurns(turns, addresses, signal, (address) => {
      const sinceMs = before && imports.sinceMs(before.list, address);
      if (sinceMs !== undefined) known++;
      entries.push({ address, sinceMs: sinceMs ?? nowMs });
    });
    const isSame = before !== undefined && known === addresses.size &&
      before.entries === known;
    if (isSame) return before.list;
    const list = imports.newList();
    for (let at = 0; at < entries.length; at += STAGED_AT_ONCE) {
      const some = entries.slice(at, at + STAGED_AT_ONCE);
      await writeInTurn(turns, signal, () => imports.stage(list, some));
      progress.done += some.length;
    }
    return list;
  }

  #times(
    { forMs }: ImportOrder,
    before: StoredImport | undefined,
  ): Pick<StoredImport, "atMs" | "endsMs"> {
    const atMs = this.#options.clock.nowMs();
    const endsMs = forMs === null ? Infinity : atMs + forMs;
    const isNear = before !== undefined && forMs !== null &&
      Math.abs(endsMs - before.endsMs) <= forMs * SAME_END_PART;
    return { atMs, endsMs: isNear ? before.endsMs : endsMs };
  }
}

function isOf(name: ImportName): (imported: StoredImport) => boolean {
  return (imported) => imported.name === name;
}

function outcomeOf(
  { order: { faults }, addresses }: Upload,
  judge: ImportJudge,
  difference: ImportDifference,
): Omit<ImportOutcome, "endsMs"> {
  return {
    entries: addresses.length + faults,
    ...difference,
    repeated: judge.repeated,
    refused: judge.refused + faults,
    refusals: judge.refusals,
  };
}
