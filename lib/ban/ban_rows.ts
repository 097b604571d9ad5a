/**
 * The fields of bans in typed arrays, by row: a ban takes about 50 bytes.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { isIpv4Form, PackedAddress } from "../rows/packed_address.ts";
import type { RowKeys } from "../rows/row_index.ts";
import { Ipv6Rows } from "./ipv6_rows.ts";

/** A ban's key as numbers. One object can be reused for any number of keys. */
export class PackedKey {
  readonly address = new PackedAddress();
  /** The jail's number. */
  jail = 0;
  hash = 0;
}

/** The fields of a row besides its key. */
export interface RowFields {
  readonly seq: number;
  readonly isPending: boolean;
  /** Whether it has several reports, which are stored elsewhere. */
  readonly hasSeveral: boolean;
  /** The id of the only report's origin; 0 for several reports. */
  readonly origin: number;
  /** When the only report was first made; 0 for several reports. */
  readonly firstMs: number;
  /** When the only report was last made; 0 for several reports. */
  readonly lastMs: number;
  /** When the first of its reports ends. */
  readonly expiresMs: number;
}

/** Rows that are allocated together. */
interface Chunk {
  readonly flags: Uint8Array;
  readonly form: Uint8Array;
  /**
   * IPv4: the address; IPv6: its number in `Ipv6Rows`; free row: the next free
   * row.
   */
  readonly address: Int32Array;
  readonly jail: Uint32Array;
  readonly origin: Uint32Array;
  readonly seq: Float64Array;
  readonly firstMs: Float64Array;
  readonly lastMs: Float64Array;
  readonly expiresMs: Float64Array;
}

const CHUNK_BITS = 12;
const CHUNK_ROWS = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_ROWS - 1;
const NONE = -1;
const [TAKEN, PENDING, SEVERAL] = [1, 2, 4];
/**
 * Odd constants with well spread bits: each bit of a key affects its whole
 * hash.
 */
const [SPREAD, MIX_1, MIX_2] = [0x9e37_79b1, 0x85eb_ca6b, 0xc2b2_ae35];

/** Bans by row. A ban keeps its row for its whole life. */
export class BanRows implements RowKeys<PackedKey> {
  /** Allocated on demand, so that growing copies nothing. */
  readonly #chunks: Chunk[] = [];
  readonly #ipv6 = new Ipv6Rows();
  /** Reused to convert addresses to text. */
  readonly #packed = new PackedAddress();
  readonly #hashSeed: number;
  #count = 0;
  #firstFree = NONE;

  /** @param hashSeed A secret that all hashes depend on. */
  constructor(hashSeed: number) {
    this.#hashSeed = hashSeed;
  }

  /** Number of rows, including free ones; rows count from 0. */
  get count(): number {
    return this.#count;
  }

  /** Whether a row holds a ban. */
  isTaken(row: number): boolean {
    return this.#flagsOf(row) !== 0;
  }

  /** Allocates a row for a key; the caller sets its fields. */
  add({ address, jail }: PackedKey): number {
    const row = this.#firstFree === NONE ? this.#count++ : this.#firstFree;
    const chunk = this.#chunks[row >> CHUNK_BITS] ?? newChunk();
    this.#chunks[row >> CHUNK_BITS] = chunk;
    const at = row & CHUNK_MASK;
    if (row === this.#firstFree) this.#firstFree = chunk.address[at] ?? NONE;
    chunk.flags[at] = TAKEN;
    chunk.origin[at] = 0;
    chunk.form[at] = address.form;
    chunk.address[at] = address.isIpv4
      ? address.words[0] ?? 0
      : this.#ipv6.add(address.words);
    chunk.jail[at] = jail;
    return row;
  }

  /** Frees a row. */
  delete(row: number): void {
    const chunk = this.#chunkOf(row);
    const at = row & CHUNK_MASK;
    if (!isIpv4Form(chunk.form[at] ?? 0)) {
      this.#ipv6.delete(chunk.address[at] ?? 0);
    }
    chunk.flags[at] = 0;
    chunk.address[at] = this.#firstFree;
    this.#firstFree = row;
  }

  /** Sets the fields of a row besides its key. */
  set(row: number, fields: RowFields): void {
    const chunk = this.#chunkOf(row);
    const at = row & CHUNK_MASK;
    chunk.flags[at] = TAKEN | (fields.isPending ? PENDING : 0) |
      (fields.hasSeveral ? SEVERAL : 0);
    chunk.origin[at] = fields.origin;
    chunk.seq[at] = fields.seq;
    chunk.firstMs[at] = fields.firstMs;
    chunk.lastMs[at] = fields.lastMs;
    chunk.expiresMs[at] = fields.expiresMs;
  }

  /** The fields of a row besides its key. */
  get(row: number): RowFields {
    const chunk = this.#chunkOf(row);
    const at = row & CHUNK_MASK;
    const flags = chunk.flags[at] ?? 0;
    return {
      seq: chunk.seq[at] ?? 0,
      isPending: (flags & PENDING) !== 0,
      hasSeveral: (flags & SEVERAL) !== 0,
      origin: chunk.origin[at] ?? 0,
      firstMs: chunk.firstMs[at] ?? 0,
      lastMs: chunk.lastMs[at] ?? 0,
      expiresMs: chunk.expiresMs[at] ?? 0,
    };
  }

  /** When the first report of a row ends, in milliseconds since 1970. */
  expiresMsOf(row: number): number {
    return this.#chunks[row >> CHUNK_BITS]?.expiresMs[row & CHUNK_MASK] ?? 0;
  }

  /** Sequence number of the last change to a row. */
  seqOf(row: number): number {
    return this.#chunks[row >> CHUNK_BITS]?.seq[row & CHUNK_MASK] ?? 0;
  }

  /** The id of a row's jail. */
  jailOf(row: number): number {
    return this.#chunks[row >> CHUNK_BITS]?.jail[row & CHUNK_MASK] ?? 0;
  }

  /** Whether a row's ban waits for its quorum. */
  isPending(row: number): boolean {
    return (this.#flagsOf(row) & PENDING) !== 0;
  }

  /** Whether the address of a row is IPv4; otherwise it is IPv6. */
  isIpv4(row: number): boolean {
    return isIpv4Form(this.formOf(row));
  }

  /** The address of a row. */
  addressOf(row: number): Address {
    this.readAddress(row, this.#packed);
    return this.#packed.address();
  }

  /** Reads the address of a row. @param into Receives it. */
  readAddress(row: number, into: PackedAddress): void {
    into.form = this.formOf(row);
    for (let word = 0; word < into.words.length; word++) {
      into.words[word] = this.wordOf(row, word);
    }
  }

  /** Computes the hash of a key and sets it. */
  hash(key: PackedKey): void {
    const { form, words } = key.address;
    let hash = this.#mixed(this.#mixed(this.#hashSeed, form), key.jail);
    hash = this.#mixed(hash, words[0] ?? 0);
    if (!isIpv4Form(form)) {
      for (let at = 1; at < words.length; at++) {
        hash = this.#mixed(hash, words[at] ?? 0);
      }
    }
    key.hash = finished(hash);
  }

  hashOf(row: number): number {
    const form = this.formOf(row);
    let hash = this.#mixed(
      this.#mixed(this.#hashSeed, form),
      this.jailOf(row),
    );
    hash = this.#mixed(hash, this.wordOf(row, 0));
    if (!isIpv4Form(form)) {
      for (let at = 1; at < 4; at++) {
        hash = this.#mixed(hash, this.wordOf(row, at));
      }
    }
    return finished(hash);
  }

  hasKey(row: number, { address: { form, words }, jail }: PackedKey): boolean {
    if (this.jailOf(row) !== jail || this.formOf(row) !== form) return false;
    if (this.wordOf(row, 0) !== words[0]) return false;
    if (isIpv4Form(form)) return true;
    for (let at = 1; at < words.length; at++) {
      if (this.wordOf(row, at) !== words[at]) return false;
    }
    return true;
  }

  /**
   * The secret factor keeps attackers from choosing addresses whose hashes
   * collide.
   */
  #mixed(hash: number, word: number): number {
    const mixed = Math.imul(hash ^ word, SPREAD ^ this.#hashSeed | 1);
    return mixed ^ mixed >>> 15;
  }

  /** A row's {@link PackedAddress.form}. */
  formOf(row: number): number {
    return this.#chunks[row >> CHUNK_BITS]?.form[row & CHUNK_MASK] ?? 0;
  }

  #flagsOf(row: number): number {
    return this.#chunks[row >> CHUNK_BITS]?.flags[row & CHUNK_MASK] ?? 0;
  }

  /** One of the words of a row's address. */
  wordOf(row: number, word: number): number {
    const chunk = this.#chunks[row >> CHUNK_BITS];
    const at = row & CHUNK_MASK;
    const address = chunk?.address[at] ?? 0;
    if (!isIpv4Form(chunk?.form[at] ?? 0)) {
      return this.#ipv6.wordAt(address, word);
    }
    return word === 0 ? address : 0;
  }

  #chunkOf(row: number): Chunk {
    const chunk = this.#chunks[row >> CHUNK_BITS];
    if (chunk === undefined) throw new RangeError(`There is no row ${row}`);
    return chunk;
  }
}

function finished(hash: number): number {
  const half = Math.imul(hash ^ hash >>> 13, MIX_1);
  const all = Math.imul(half ^ half >>> 16, MIX_2);
  return (all ^ all >>> 16) >>> 0;
}

function newChunk(): Chunk {
  return {
    flags: new Uint8Array(CHUNK_ROWS),
    form: new Uint8Array(CHUNK_ROWS),
    address: new Int32Array(CHUNK_ROWS),
    jail: new Uint32Array(CHUNK_ROWS),
    origin: new Uint32Array(CHUNK_ROWS),
    seq: new Float64Array(CHUNK_ROWS),
    firstMs: new Float64Array(CHUNK_ROWS),
    lastMs: new Float64Array(CHUNK_ROWS),
    expiresMs: new Float64Array(CHUNK_ROWS),
  };
}
