/**
 * Positions in a log, found by a hash of a name.
 *
 * @module
 */

/** Shards grow separately, so that growing never blocks for long. */
const SHARDS = 256;
const SHARD_BITS = 8;
/** Fewest slots of a shard with entries. */
const MIN_SLOTS = 8;
/** Share of a shard's slots that may be taken. */
const MAX_LOAD = 0.75;
/** Numbers per slot: a hash, and a position. */
const SLOT = 2;
/** Values in place of a position: a free slot, or a removed entry. */
const FREE = 0;
const REMOVED = 1;
/** Stored value of the first position after the base. */
const FIRST = 2;

const NONE: readonly number[] = [];

/** Hashes of consecutive positions. */
export interface HashRun {
  /** The first position. */
  readonly first: number;
  /** The hashes; 0: none at that position. */
  readonly hashes: Uint32Array;
}

/**
 * Positions by hash, in typed arrays: 11 to 22 bytes per entry. The hash only
 * says where to look; the row there decides.
 *
 * Entries of forgotten positions are overwritten, and dropped when their shard
 * is rebuilt.
 *
 * @example
 * ```ts
 * import { PositionIndex } from "./position_index.ts";
 * import { deepStrictEqual, strictEqual } from "node:assert/strict";
 *
 * const index = new PositionIndex();
 * index.add(0xabc, 1);
 * index.add(0xabc, 2);
 * deepStrictEqual(index.at(0xabc), [1, 2]);
 * index.forgetBefore(2);
 * deepStrictEqual(index.at(0xabc), [2]);
 * strictEqual(index.replace(0xabc, 3), 2);
 * deepStrictEqual(index.at(0xabc), [3]);
 * ```
 */
export class PositionIndex {
  readonly #shards: Uint32Array[] = Array.from(
    { length: SHARDS },
    () => new Uint32Array(0),
  );
  /** Used slots of each shard, including those of forgotten positions. */
  readonly #taken = new Uint32Array(SHARDS);
  /** Positions are stored relative to this: a log may be longer than 2^32. */
  readonly #base: number;
  /** The first position that counts, in stored form. */
  #first = FIRST;

  /** Slots of a shard when it gets its first entry. */
  #firstSlots = MIN_SLOTS;

  /** @param base Less than any position, by less than 2^32. @default {0} */
  constructor(base = 0) {
    this.#base = base + 1 - FIRST;
  }

  /** Reserves room for a number of entries; called while the index is empty. */
  expect(entries: number): void {
    this.#firstSlots = slotsFor(entries / SHARDS);
  }

  /** Memory that the index takes, in bytes. */
  get bytes(): number {
    return this.#shards.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** The positions of a hash, in no order. */
  at(hash: number): readonly number[] {
    const slots = this.#shardOf(hash);
    if (slots.length === 0) return NONE;
    const mask = slots.length - 1;
    let found: number[] | undefined;
    for (let at = firstSlot(hash, mask);; at = at + SLOT & mask) {
      const place = slots[at + 1] ?? 0;
      if (place === FREE) return found ?? NONE;
      if (slots[at] !== hash || place < this.#first) continue;
      found ??= [];
      found.push(place + this.#base);
    }
  }

  /** The position of a hash that has at most one; 0: none. */
  get(hash: number): number {
    const slots = this.#shardOf(hash);
    if (slots.length === 0) return 0;
    const mask = slots.length - 1;
    for (let at = firstSlot(hash, mask);; at = at + SLOT & mask) {
      const place = slots[at + 1] ?? 0;
      if (place === FREE) return 0;
      if (slots[at] === hash && place >= this.#first) return place + this.#base;
    }
  }

  /** Adds a position to those with the same hash. */
  add(hash: number, position: number): void {
    const slots = this.#withRoom(hash);
    const mask = slots.length - 1;
    let at = firstSlot(hash, mask);
    while ((slots[at + 1] ?? 0) >= this.#first) at = at + SLOT & mask;
    this.#put(slots, at, hash, position);
  }

  /**
   * Replaces the position of a hash.
   *
   * @param position The new position; 0: none.
   * @returns The previous position; 0: there was none.
   */
  replace(hash: number, position: number): number {
    const slots = this.#withRoom(hash);
    const mask = slots.length - 1;
    let free = -1;
    for (let at = firstSlot(hash, mask);; at = at + SLOT & mask) {
      const place = slots[at + 1] ?? 0;
      if (slots[at] === hash && place >= this.#first) {
        this.#put(slots, at, hash, position);
        return place + this.#base;
      }
      if (free < 0 && place < this.#first) free = at;
      if (place === FREE) break;
    }
    if (position !== 0) this.#put(slots, free, hash, position);
    return 0;
  }

  /**
   * Adds or replaces many, shard by shard: neighbouring writes halve the time
   * for a million entries.
   *
   * @param runs Hashes of consecutive positions; 0: none.
   * @param replaces Whether to call {@link PositionIndex.replace} rather than
   *   {@link PositionIndex.add}.
   */
  noteAll(runs: readonly HashRun[], replaces: boolean): void {
    const ends = new Uint32Array(SHARDS);
    for (const { hashes } of runs) {
      for (let at = 0; at < hashes.length; at++) {
        const hash = hashes[at] ?? 0;
        if (hash !== 0) {
          ends[hash & SHARDS - 1] = (ends[hash & SHARDS - 1] ?? 0) + 1;
        }
      }
    }
    let count = 0;
    for (let shard = 0; shard < SHARDS; shard++) {
      count += ends[shard] ?? 0;
      ends[shard] = count - (ends[shard] ?? 0);
    }
    const entries = new Uint32Array(SLOT * count);
    for (const { first, hashes } of runs) {
      for (let at = 0; at < hashes.length; at++) {
        const hash = hashes[at] ?? 0;
        if (hash === 0) continue;
        const entry = ends[hash & SHARDS - 1] ?? 0;
        ends[hash & SHARDS - 1] = entry + 1;
        entries[SLOT * entry] = hash;
        entries[SLOT * entry + 1] = first + at - this.#base;
      }
    }
    for (let at = 0; at < entries.length; at += SLOT) {
      const hash = entries[at] ?? 0;
      const position = (entries[at + 1] ?? 0) + this.#base;
      if (replaces) this.replace(hash, position);
      else this.add(hash, position);
    }
  }

  /** Forgets the positions before a position. */
  forgetBefore(position: number): void {
    this.#first = Math.max(this.#first, position - this.#base);
  }

  #shardOf(hash: number): Uint32Array {
    return this.#shards[hash & SHARDS - 1] ?? new Uint32Array(0);
  }

  #put(
    slots: Uint32Array,
    at: number,
    hash: number,
    position: number,
  ): void {
    if (slots[at + 1] === FREE) this.#count(hash);
    slots[at] = hash;
    slots[at + 1] = position === 0 ? REMOVED : position - this.#base;
  }

  #count(hash: number): void {
    const shard = hash & SHARDS - 1;
    this.#taken[shard] = (this.#taken[shard] ?? 0) + 1;
  }

  /** The shard of a hash, with room for one more entry. */
  #withRoom(hash: number): Uint32Array {
    const shard = hash & SHARDS - 1;
    const slots = this.#shardOf(hash);
    const taken = this.#taken[shard] ?? 0;
    if ((taken + 1) * SLOT <= slots.length * MAX_LOAD) return slots;
    return this.#rebuilt(shard, slots);
  }

  #rebuilt(shard: number, before: Uint32Array): Uint32Array {
    let count = 0;
    for (let at = 1; at < before.length; at += SLOT) {
      if ((before[at] ?? 0) >= this.#first) count++;
    }
    const size = Math.max(this.#firstSlots, slotsFor(count + 1));
    const slots = new Uint32Array(size * SLOT);
    const mask = slots.length - 1;
    for (let from = 0; from < before.length; from += SLOT) {
      const place = before[from + 1] ?? 0;
      if (place < this.#first) continue;
      const hash = before[from] ?? 0;
      let at = firstSlot(hash, mask);
      while (slots[at + 1] !== FREE) at = at + SLOT & mask;
      slots[at] = hash;
      slots[at + 1] = place;
    }
    this.#shards[shard] = slots;
    this.#taken[shard] = count;
    return slots;
  }
}

/** Slots for twice as many entries, so that a shard is not soon rebuilt. */
function slotsFor(entries: number): number {
  let slots = MIN_SLOTS;
  while (entries * 2 > slots) slots *= 2;
  return slots;
}

function firstSlot(hash: number, mask: number): number {
  return (hash >>> SHARD_BITS) * SLOT & mask;
}
