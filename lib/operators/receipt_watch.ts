/**
 * Waits for what nodes say about bans that an operator has just made or lifted.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition, inTime } from "../async/tasks.ts";
import { type BanKey, keyOf } from "../ban/ban.ts";
import type { StoredReceipt } from "../ban/ban_store.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";

/** A ban that a node is to say something of. */
export interface AwaitedWord {
  readonly key: BanKey;
  /** The actions that are to say so, each; empty: what they are is not known, and one word is enough. */
  readonly actions: readonly string[];
}

/** What is waited for: nodes that carry bans out. */
export interface AwaitedNode {
  readonly node: HostName;
  readonly words: readonly AwaitedWord[];
  /** It gave no sign of life lately: its word counts, and is not waited for. */
  readonly isSilent: boolean;
}

/** What came of it. */
export interface WatchResult {
  /** Nodes that carried all of it out. */
  readonly done: number;
  /** Nodes that said nothing in time, of some of it. */
  readonly silent: readonly HostName[];
  /** What others say. */
  readonly failed: readonly StoredReceipt[];
}

/** The outcomes that carry out what an operator said. */
export type WantedOutcome = "applied" | "lifted";

/** Gives receipts to whoever waits for them, as they arrive: before they are stored. */
export class ReceiptWatch {
  readonly #watches = new Set<Watch>();

  /** Takes receipts. */
  note(receipts: readonly StoredReceipt[]): void {
    for (const watch of this.#watches) watch.note(receipts);
  }

  /**
   * Begins to watch: before that is done which the nodes are to carry out.
   *
   * @param nodes Who is to say something, of what.
   * @param wanted What they are to say.
   */
  begin(nodes: readonly AwaitedNode[], wanted: WantedOutcome): Watch {
    const watch = new Watch(nodes, wanted, () => this.#watches.delete(watch));
    this.#watches.add(watch);
    return watch;
  }
}

/** One who waits. */
export class Watch implements Disposable {
  readonly #wanted: WantedOutcome;
  readonly #end: () => void;
  readonly #changed = new Condition();
  readonly #names = new Map<HostName, HostName>();
  /** By node and ban the actions that have not said anything yet. */
  readonly #awaited = new Map<HostName, Map<string, Set<string>>>();
  readonly #unawaited = new Set<HostName>();
  readonly #failed = new Map<string, StoredReceipt>();

  constructor(
    nodes: readonly AwaitedNode[],
    wanted: WantedOutcome,
    end: () => void,
  ) {
    this.#wanted = wanted;
    this.#end = end;
    for (const { node, words, isSilent } of nodes) {
      if (isSilent) this.#unawaited.add(canonicalHost(node));
      this.#names.set(canonicalHost(node), node);
      this.#awaited.set(
        canonicalHost(node),
        new Map(
          words.map(({ key, actions }) => [keyOf(key), new Set(actions)]),
        ),
      );
    }
  }

  /** Takes receipts. */
  note(receipts: readonly StoredReceipt[]): void {
    for (const receipt of receipts) {
      const node = canonicalHost(receipt.node);
      const key = keyOf(receipt);
      const actions = this.#awaited.get(node)?.get(key);
      if (actions === undefined) continue;
      if (actions.size > 0 && !actions.has(receipt.action)) continue;
      const isDone = receipt.outcome === this.#wanted;
      const isRefusal = receipt.outcome === "refused" ||
        receipt.outcome === "failed";
      // What it said of the time before, such as that it was applied.
      if (!isDone && !isRefusal) continue;
      actions.delete(receipt.action);
      if (actions.size === 0) this.#awaited.get(node)?.delete(key);
      if (isRefusal) {
        this.#failed.set(`${node}|${key}|${receipt.action}`, receipt);
      }
      this.#changed.notify();
    }
  }

  /**
   * Waits until all have said something that are not silent anyway.
   *
   * @param timeoutMs How long at most, in milliseconds.
   * @param signal Ends it.
   * @throws the signal's reason on abort.
   */
  async wait(
    clock: Pick<Clock, "delay">,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<WatchResult> {
    const isOver = () =>
      [...this.#awaited].every(([node, words]) =>
        words.size === 0 || this.#unawaited.has(node)
      );
    await inTime(clock, timeoutMs, signal, async (group) => {
      while (!isOver()) await this.#changed.wait(group);
    });
    const failed = [...this.#failed.values()];
    const failing = new Set(failed.map(({ node }) => canonicalHost(node)));
    const silent = [...this.#awaited].filter(([node, words]) =>
      words.size > 0 && !failing.has(node)
    ).map(([node]) => this.#names.get(node) ?? node);
    const done = this.#awaited.size - silent.length - failing.size;
    return { done, silent, failed };
  }

  [Symbol.dispose](): void {
    this.#end();
  }
}
