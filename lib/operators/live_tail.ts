/**
 * Streams events of the cluster to operators as they happen.
 *
 * Does nothing while nobody watches. A slow reader loses events and is told how
 * many; nobody else waits for it.
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
  /** How far the system's clock is ahead of the table's, in milliseconds. */
  readonly aheadMs: () => number;
  /** The origin of lifts by the allowlist: the publisher's name. */
  readonly hostName: HostName;
  /** How long to wait for the nodes' receipts of a ban, in milliseconds. */
  readonly waitMs: number;
}

/** An event about a ban. */
type BanLiveEvent = Exclude<LiveEvent, { readonly kind: "lost" }>;

/**
 * Interval after which an idle stream sends something, so that a dead hub is
 * noticed.
 */
const IDLE_MS = 15_000;

/** Streams events to any number of followers. */
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

  /** Emits the events of stored changes. */
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

  /** Emits the events of bans that expired. */
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

  /** Emits the event of a refused report. */
  noteRefused(refused: RefusedReport): void {
    if (this.#queues.size === 0) return;
    const atMs = this.#systemMs(this.#options.clock.nowMs());
    this.#emit({ kind: "refuse", atMs, ...refused }, []);
  }

  /** Adds receipts to the bans that wait for them. */
  noteReceipts(receipts: readonly StoredReceipt[]): void {
    if (this.#queues.size === 0) return;
    this.#unfolding.note(receipts, this.#options.clock.monotonicMs());
  }

  /**
   * Follows events from now on.
   *
   * @param filter Selects bans. A filter for a node also matches what that node
   * itself did with any ban.
   * @param signal Ends it.
   * @returns A few events at a time; an empty list at first, and after an idle
   * interval.
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

  /** Waits for an event, or for the end of the idle interval. */
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
    // A repeated report only extends the ban.
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

  /** @param origins The nodes that reported the ban. */
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

/**
 * The node whose report put a ban in force; `undefined` when this change did
 * not.
 */
function startOf(
  { change, before, after }: KeptChange,
): HostName | undefined {
  if (change.kind !== "report" || after?.isPending !== false) return undefined;
  return before?.isPending === false ? undefined : change.origin;
}
