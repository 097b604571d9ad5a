/**
 * Collects changed networks, without duplicates.
 *
 * @module
 */

import { Condition } from "../async/tasks.ts";
import { type BanKey, keyOf } from "../ban/ban.ts";

/** A changed network. */
export interface Mark {
  readonly network: BanKey;
  /** Last detection in it, in milliseconds since 1970; `undefined`: none. */
  readonly detectedMs: number | undefined;
  /** Whether it waited to have its end reported again. @default {false} */
  readonly hasWaited?: boolean;
}

/**
 * Keeps networks until they are checked.
 *
 * @example
 * ```ts
 * import { NetworkMarks } from "./network_marks.ts";
 * import { parseAddress } from "../base/address.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const [jail, address] = [parseJailName("sshd"), parseAddress("2001:db8::/64")];
 * ok(jail && address);
 * const marks = new NetworkMarks();
 * marks.add({ network: { jail, address }, detectedMs: 5 });
 * marks.add({ network: { jail, address }, detectedMs: undefined });
 * strictEqual(marks.size, 1);
 * strictEqual(marks.take(10)[0]?.detectedMs, 5);
 * ```
 */
export class NetworkMarks {
  readonly #marks = new Map<string, Mark>();
  readonly #changed = new Condition();

  /** Number of networks. */
  get size(): number {
    return this.#marks.size;
  }

  /** Adds a network; for a known one the latest detection counts. */
  add({ network, detectedMs, hasWaited = false }: Mark): void {
    const { jail, address } = network;
    const key = keyOf(network);
    const known = this.#marks.get(key);
    this.#marks.set(key, {
      network: { jail, address },
      detectedMs: later(known?.detectedMs, detectedMs),
      hasWaited: hasWaited || known?.hasWaited === true,
    });
    this.#changed.notify();
  }

  /** Removes and returns up to `max` networks, the first ones. */
  take(max: number): readonly Mark[] {
    const taken: Mark[] = [];
    for (const [key, mark] of this.#marks) {
      if (taken.length >= max) break;
      taken.push(mark);
      this.#marks.delete(key);
    }
    return taken;
  }

  /** Removes and returns a network, if present. */
  takeOf(network: BanKey): Mark | undefined {
    const key = keyOf(network);
    const mark = this.#marks.get(key);
    this.#marks.delete(key);
    return mark;
  }

  /**
   * Waits until there is a network.
   *
   * @param signal Ends the wait; the promise then rejects with its reason.
   */
  async wait(signal: AbortSignal): Promise<void> {
    while (this.#marks.size === 0) await this.#changed.wait(signal);
  }
}

function later(
  left: number | undefined,
  right: number | undefined,
): number | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return Math.max(left, right);
}
