/**
 * Tells operators what happens in the cluster, as it happens.
 *
 * Nothing is done while nobody watches. Whoever reads slowly loses events, and
 * is told how many; nobody else waits for that.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { inTime } from "../async/tasks.ts";
import { type Ban, keyOf } from "../ban/ban.ts";
import type { KeptChange } from "../ban/ban_hub.ts";
import type { StoredReceipt } from "../ban/ban_store.ts";
import type { BanStep } from "../ban/ban_table.ts";
import { type HostName, sameHost } from "../base/host_name.ts";
import { isOperatorOrigin } from "../base/operator_name.ts";
import type { SubjectFilter } from "../wire/operator_bans.ts";
import type { LiveEvent } from "../wire/operator_tail.ts";
import type { WhyEnd } from "../wire/operator_why.ts";
import { type EnforcingNodes, placeAt } from "./enforcement_view.ts";
import { EventQueue } from "./event_queue.ts";
import type { RefusedReport } from "./refused_report.ts";
import { UnfoldingBans } from "./unfolding_bans.ts";

/** Options for {@link LiveTail}. */
export interface LiveTailOptions {
  readonly nodes: EnforcingNodes;
  /** The table's clock. */
  readonly clock: Clock;
  /** How far the system's clock is ahead of that, in milliseconds. */
  readonly aheadMs: () => number;
  /** In whose name the allowlist lifts: the publisher's. */
  readonly hostName: HostName;
  /** How long nodes have to say that they carried a ban out, in milliseconds. */
  readonly waitMs: number;
}

/** Something that happened with a ban. */
type BanLiveEvent = Exclude<LiveEvent, { readonly kind: "lost" }>;

/** Whoever watches hears something after this time, so that a dead hub is noticed. */
const IDLE_MS = 15_000;

/** Tells what happens to whoever follows. */
export class LiveTail {
  readonly #options: LiveTailOptions;
  readonly #queues = new Set<EventQueue>();
  readonly #unfolding: UnfoldingBans;

  /** @param options See {@link LiveTailOptions}. */
  constructor(options: LiveTailOptions) {
    this.#options = options;
    this.#unfolding = new UnfoldingBans(
      options.waitMs,
      (event, origins) => this.#emit(event, origins),
    );
  }

  /** Hears of changes that are kept. */
  noteKept(kept: readonly KeptChange[]): void {
    if (this.#queues.size === 0) return;
    const nodes = this.#options.nodes.enforcing();
    const nowMs = this.#options.clock.monotonicMs();
    for (const each of kept) {
      const { change, before, after } = each;
      const started = startOf(each);
      const key = { address: change.address, jail: change.jail };
      const atMs = this.#systemMs(change.atMs);
      if (started !== undefined && after !== undefined) {
        const origins = originsOf(after);
        const start = { kind: "ban", atMs, ...key, node: started } as const;
        const expected = nodes.filter((node) =>
          placeAt(node, after) === "taken"
        );
        this.#unfolding.begin(start, origins, expected, nowMs);
      } else if (change.kind === "report") {
        this.#noteReport(change.origin, { atMs, ...key }, before, after);
      } else if (before?.isPending === false && after === undefined) {
        this.#noteEnd({ atMs, ...key }, this.#endOf(each), originsOf(before));
      }
    }
  }

  /** Hears of bans, or reports of them, whose time is over. */
  noteExpired(steps: readonly BanStep[]): void {
    if (this.#queues.size === 0) return;
    const atMs = this.#systemMs(this.#options.clock.nowMs());
    for (const { before, after } of steps) {
      if (before?.isPending !== false || after !== undefined) continue;
      const { address, jail } = before;
      const end = { end: "expiry", node: null } as const;
      this.#noteEnd({ atMs, address, jail }, end, originsOf(before));
    }
  }

  /** Hears of a report that was refused. */
  noteRefused(refused: RefusedReport): void {
    if (this.#queues.size === 0) return;
    const atMs = this.#systemMs(this.#options.clock.nowMs());
    this.#emit({ kind: "refuse", atMs, ...refused }, []);
  }

  /** Hears what nodes did. */
  noteReceipts(receipts: readonly StoredReceipt[]): void {
    if (this.#queues.size === 0) return;
    this.#unfolding.note(receipts, this.#options.clock.monotonicMs());
  }

  /**
   * Follows what happens from now on.
   *
   * @param filter Of which bans; what a node itself did with any is of concern to who asks for that node.
   * @param signal Ends it.
   * @returns Some events at a time; none where nothing happened for a while,
   * and at first.
   * @throws the signal's reason on abort.
   */
  async *follow(
    filter: SubjectFilter,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LiveEvent[], void, undefined> {
    const queue = new EventQueue(filter);
    this.#queues.add(queue);
    try {
      yield [];
      while (true) {
        await this.#next(queue, signal);
        yield queue.take();
      }
    } finally {
      this.#queues.delete(queue);
      if (this.#queues.size === 0) this.#unfolding.clear();
    }
  }

  /** Waits for an event, or until it is time to say that there is none. */
  async #next(queue: EventQueue, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + IDLE_MS;
    while (queue.isEmpty) {
      const nowMs = clock.monotonicMs();
      this.#unfolding.expire(nowMs);
      if (!queue.isEmpty || nowMs >= endMs) return;
      const waitMs = this.#unfolding.leftMs(nowMs) ?? this.#options.waitMs;
      await inTime(
        clock,
        Math.min(waitMs, endMs - nowMs),
        signal,
        (ended) => queue.wait(ended),
      );
    }
  }

  #noteReport(
    node: HostName,
    at: Pick<
      Extract<LiveEvent, { kind: "report" }>,
      "atMs" | "address" | "jail"
    >,
    before: Ban | undefined,
    after: Ban | undefined,
  ): void {
    const isNew =
      before?.reports.every(({ origin }) => !sameHost(origin, node)) ?? true;
    // Said again it only lasts longer.
    if (!isNew) return;
    const kind = after?.isPending === true ? "wait" : "report";
    this.#emit({ kind, ...at, node }, originsOf(after));
  }

  #noteEnd(
    at: Pick<Extract<LiveEvent, { kind: "end" }>, "atMs" | "address" | "jail">,
    how: { readonly end: WhyEnd; readonly node: HostName | null },
    origins: readonly HostName[],
  ): void {
    this.#unfolding.end(keyOf(at));
    this.#emit({ kind: "end", ...at, ...how }, origins);
  }

  #endOf(
    { change }: KeptChange,
  ): { readonly end: WhyEnd; readonly node: HostName | null } {
    switch (change.kind) {
      case "report":
        return { end: "expiry", node: null };
      case "withdraw":
        return { end: "withdraw", node: change.origin };
      case "lift": {
        const { by } = change;
        if (isOperatorOrigin(by)) return { end: "operator", node: null };
        return sameHost(by, this.#options.hostName)
          ? { end: "allowlist", node: null }
          : { end: "node", node: by };
      }
    }
  }

  /** @param origins Who reported the ban. */
  #emit(event: BanLiveEvent, origins: readonly HostName[]): void {
    const { jail, address, node } = event;
    const names = node === null ? origins : [...origins, node];
    const reports = names.map((origin) => ({ origin }));
    for (const queue of this.#queues) {
      queue.put(event, { jail, address, reports });
    }
  }

  #systemMs(ms: number): number {
    return Math.round(ms + this.#options.aheadMs());
  }
}

function originsOf(ban: Ban | undefined): readonly HostName[] {
  return ban?.reports.map(({ origin }) => origin) ?? [];
}

/** By whose word a ban came to be in force; `undefined`: it did not. */
function startOf(
  { change, before, after }: KeptChange,
): HostName | undefined {
  if (change.kind !== "report" || after?.isPending !== false) return undefined;
  return before?.isPending === false ? undefined : change.origin;
}
