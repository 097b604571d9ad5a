/**
 * Lists that are being handed over by operators' commands, in parts.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { RuntimeError } from "../base/errors.ts";
import type { ImportOrder, ImportPart } from "../wire/operator_imports.ts";

/** A list, as far as it has come. */
export interface Upload {
  readonly order: ImportOrder;
  readonly addresses: readonly Address[];
  /** Where each of them stands in the list. */
  readonly places: readonly number[];
}

interface OpenUpload extends Upload {
  readonly addresses: Address[];
  readonly places: number[];
  /** When its last part came, by a steady clock. */
  heardMs: number;
}

/** Lists at a time: each is held in memory. */
const MAX_OPEN = 2;
/** How long a list is waited for, of which nothing comes. */
const IDLE_MS = 30_000;

/** Holds lists until they are whole. */
export class ImportUploads {
  readonly #monotonicMs: () => number;
  readonly #open = new Map<number, OpenUpload>();
  #next: number;

  /**
   * @param first Number of the first upload; not that of one of an earlier run.
   * @param monotonicMs Milliseconds by a steady clock.
   */
  constructor(first: number, monotonicMs: () => number) {
    this.#next = first;
    this.#monotonicMs = monotonicMs;
  }

  /**
   * Begins a list, in place of another of its name that is not whole yet.
   *
   * @returns Its number.
   * @throws {RuntimeError} when too many are being handed over.
   */
  begin(order: ImportOrder): number {
    const nowMs = this.#monotonicMs();
    for (const [upload, { heardMs, order: { name } }] of this.#open) {
      if (name === order.name || nowMs - heardMs >= IDLE_MS) {
        this.#open.delete(upload);
      }
    }
    if (this.#open.size >= MAX_OPEN) {
      throw new RuntimeError("other lists are being imported", {
        hint: "try again in half a minute",
      });
    }
    const upload = this.#next++;
    const empty = { addresses: [], places: [], heardMs: nowMs };
    this.#open.set(upload, { order, ...empty });
    return upload;
  }

  /**
   * Takes some entries.
   *
   * @returns How many there are now.
   * @throws {RuntimeError} when there are too many: the list is forgotten.
   */
  add({ upload, from, addresses }: ImportPart): number {
    const open = this.#find(upload);
    open.heardMs = this.#monotonicMs();
    for (const [index, address] of addresses.entries()) {
      if (address === "") continue;
      open.addresses.push(address);
      open.places.push(from + index);
    }
    const { name, max } = open.order;
    if (open.addresses.length > max) {
      this.#open.delete(upload);
      throw new RuntimeError(
        `${name} is refused whole, and nothing is changed: it has more than ${max} entries`,
        { hint: "--max N allows more" },
      );
    }
    return open.addresses.length;
  }

  /** Gives a list that is whole, and forgets it. */
  end(upload: number): Upload {
    const open = this.#find(upload);
    this.#open.delete(upload);
    return open;
  }

  #find(upload: number): OpenUpload {
    const open = this.#open.get(upload);
    if (open !== undefined) return open;
    throw new RuntimeError("the list that was handed over is forgotten", {
      hint: "nothing is changed; import it again",
    });
  }
}
