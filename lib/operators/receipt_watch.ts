/**
 * Waits for the nodes' receipts of bans that an operator has just made or
 * lifted.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition, inTime } from "../async/tasks.ts";
import { type BanKey, keyOf } from "../ban/ban.ts";
import type { StoredReceipt } from "../ban/ban_store.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";

/** A ban whose receipts are awaited from a node. */
export interface AwaitedWord {
  readonly key: BanKey;
  /**
   * The actions that must each send a receipt; when empty, the actions are
   * unknown, and one receipt is enough.
   */
  readonly actions: readonly string[];
}

/** A node whose receipts are awaited. */
export interface AwaitedNode {
  readonly node: HostName;
  readonly words: readonly AwaitedWord[];
  /**
   * The node gave no sign of life recently: its receipts count, but nobody
   * waits for them.
   */
  readonly isSilent: boolean;
}

/** The result of a wait. */
export interface WatchResult {
  /** Number of nodes that carried out everything. */
  readonly done: number;
  /** Nodes with missing receipts. */
  readonly silent: readonly HostName[];
  /** Receipts with another outcome. */
  readonly failed: readonly StoredReceipt[];
}

/** The outcomes that carry out an operator's order. */
export type WantedOutcome = "applied" | "lifted";

/**
 * Gives receipts to those who wait for them as they arrive, before they are
 * stored.
 */
export class ReceiptWatch {
  readonly #watches = new Set<Watch>();

  /** Passes on receipts. */
  note(receipts: readonly StoredReceipt[]): void {
    for (const watch of this.#watches) watch.note(receipts);
  }

  /**
   * Starts to watch. Call it before the order, so that no receipt is missed.
   *
   * @param nodes The nodes and bans to watch.
   * @param wanted The outcome that counts as done.
   */
  begin(nodes: readonly AwaitedNode[], wanted: WantedOutcome): Watch {
    const watch = new Watch(nodes, wanted, () => this.#watches.delete(watch));
    this.#watches.add(watch);
    return watch;
  }
}

/** The wait of one caller. */
export class Watch implements Disposable {
  readonly #wanted: WantedOutcome;
  readonly #end: () => void;
  readonly #changed = new Condition();
  readonly #names = new Map<HostName, HostName>();
  /** Actions without a receipt yet, by node and ban. */
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

  /** Handles receipts. */
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
      // Receipts of the state before the order, such as an earlier `applied`.
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
   * Waits until all nodes have sent their receipts, except silent ones.
   *
   * @param timeoutMs Timeout in milliseconds.
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
