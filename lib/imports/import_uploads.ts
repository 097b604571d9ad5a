/**
 * Lists that operators' commands are uploading in parts.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { RuntimeError } from "../base/errors.ts";
import type { ImportOrder, ImportPart } from "../wire/operator_imports.ts";

/** A list, as far as it has been received. */
export interface Upload {
  readonly order: ImportOrder;
  readonly addresses: readonly Address[];
  /** The position of each address in the list. */
  readonly places: readonly number[];
}

interface OpenUpload extends Upload {
  readonly addresses: Address[];
  readonly places: number[];
  /** When its last part was received, by a steady clock. */
  heardMs: number;
}

/** Maximum number of uploads: each is held in memory. */
const MAX_OPEN = 2;
/** An upload without parts for this long is given up. */
const IDLE_MS = 30_000;

/** Holds lists until they are complete. */
export class ImportUploads {
  readonly #monotonicMs: () => number;
  readonly #open = new Map<number, OpenUpload>();
  #next: number;

  /**
   * @param first Number of the first upload; differs from those of earlier
   * runs.
   * @param monotonicMs Milliseconds by a steady clock.
   */
  constructor(first: number, monotonicMs: () => number) {
    this.#next = first;
    this.#monotonicMs = monotonicMs;
  }

  /**
   * Begins an upload; replaces an incomplete one of the same name.
   *
   * @returns Its number.
   * @throws {RuntimeError} when there are too many uploads.
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
   * Adds entries.
   *
   * @returns The number of entries so far.
   * @throws {RuntimeError} when there are too many; the upload is dropped.
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

  /** Returns a complete list and drops it here. */
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
