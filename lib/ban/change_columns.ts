/**
 * Changes as columns of numbers, the form of a page of the log: a start reads a
 * million changes without an object for each.
 *
 * The encoding holds the number of changes, the number of IPv6 changes, and the
 * columns, little-endian like every host of Deno. The reader must know that the
 * bytes are unaltered.
 *
 * @module
 */

import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import {
  IPV6_BITS,
  ipv6Form,
  isIpv4Form,
  PackedAddress,
} from "../rows/packed_address.ts";
import type { Change } from "./ban.ts";

/** The kind of a change as a number; 0 is invalid. */
export const CHANGE_KINDS = {
  report: 1,
  pendingReport: 2,
  withdraw: 3,
  lift: 4,
} as const;

/** The ids of a change's names. */
export interface ChangeNameIds {
  readonly jail: number;
  /** The origin that reported, withdrew or lifted. */
  readonly node: number;
}

/** Finds names by id; may throw. */
export interface ChangeNames {
  /** The name of a jail. */
  jail(id: number): JailName;
  /** The name of the origin that reported, withdrew or lifted. */
  node(id: number): HostName;
}

const LAST_KIND = CHANGE_KINDS.lift;
const LAST_FORM = ipv6Form(IPV6_BITS);
const WORD_BYTES = 4;
const HEAD_BYTES = 2 * WORD_BYTES;
/** Words of an IPv6 address beyond the first. */
const MORE_WORDS = 3;
/** Bytes of an IPv4 change. */
const CHANGE_BYTES = 2 * 8 + 3 * WORD_BYTES + 2;

/** Consecutive changes. */
export class ChangeColumns {
  readonly #bytes: Uint8Array;
  /** When each was decided, in milliseconds since 1970. */
  readonly atMs: Float64Array;
  /** When each report ends, in milliseconds since 1970; 0 for other kinds. */
  readonly expiresMs: Float64Array;
  /** The ids of the jails. */
  readonly jails: Uint32Array;
  /** The ids of the origins that reported, withdrew or lifted. */
  readonly nodes: Uint32Array;
  /** The first word of each address. */
  readonly words: Int32Array;
  /** The other words of the IPv6 addresses, in order. */
  readonly ipv6: Int32Array;
  /** Family and prefix length of each address, as `PackedAddress` has them. */
  readonly forms: Uint8Array;
  /** The kind of each change, from {@link CHANGE_KINDS}. */
  readonly kinds: Uint8Array;

  private constructor(bytes: Uint8Array, changes: number, ipv6: number) {
    this.#bytes = bytes;
    const { buffer } = bytes;
    let at = bytes.byteOffset + HEAD_BYTES;
    const next = (length: number) => (at += length) - length;
    const words = changes * WORD_BYTES;
    this.atMs = new Float64Array(buffer, next(2 * words), changes);
    this.expiresMs = new Float64Array(buffer, next(2 * words), changes);
    this.jails = new Uint32Array(buffer, next(words), changes);
    this.nodes = new Uint32Array(buffer, next(words), changes);
    this.words = new Int32Array(buffer, next(words), changes);
    const more = MORE_WORDS * ipv6;
    this.ipv6 = new Int32Array(buffer, next(more * WORD_BYTES), more);
    this.forms = new Uint8Array(buffer, next(changes), changes);
    this.kinds = new Uint8Array(buffer, next(changes), changes);
  }

  /** Columns of zeros. @param ipv6 The number of IPv6 changes among them. */
  static empty(changes: number, ipv6: number): ChangeColumns {
    const bytes = new Uint8Array(bytesOf(changes, ipv6));
    new Uint32Array(bytes.buffer, 0, 2).set([changes, ipv6]);
    return new ChangeColumns(bytes, changes, ipv6);
  }

  /** Decodes columns; `undefined`: the bytes are invalid. */
  static read(bytes: Uint8Array): ChangeColumns | undefined {
    if (bytes.length < HEAD_BYTES) return undefined;
    const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
    const head = new Uint32Array(aligned.buffer, aligned.byteOffset, 2);
    const [changes = 0, ipv6 = 0] = head;
    if (bytes.length !== bytesOf(changes, ipv6)) return undefined;
    const columns = new ChangeColumns(aligned, changes, ipv6);
    return columns.#isGood ? columns : undefined;
  }

  get #isGood(): boolean {
    const { forms, kinds, ipv6 } = this;
    let [isGood, words] = [true, 0];
    for (let at = 0; at < kinds.length; at++) {
      const kind = kinds[at] ?? 0;
      const form = forms[at] ?? 0;
      if (kind < 1 || kind > LAST_KIND || form > LAST_FORM) isGood = false;
      if (!isIpv4Form(form)) words += MORE_WORDS;
    }
    return isGood && words === ipv6.length;
  }

  /** Number of changes. */
  get length(): number {
    return this.kinds.length;
  }

  /**
   * Encodes the first changes. @param ipv6 The number of IPv6 changes among
   * them.
   */
  encode(changes: number, ipv6: number): Uint8Array {
    const columns = ChangeColumns.empty(changes, ipv6);
    columns.atMs.set(this.atMs.subarray(0, changes));
    columns.expiresMs.set(this.expiresMs.subarray(0, changes));
    columns.jails.set(this.jails.subarray(0, changes));
    columns.nodes.set(this.nodes.subarray(0, changes));
    columns.words.set(this.words.subarray(0, changes));
    columns.ipv6.set(this.ipv6.subarray(0, MORE_WORDS * ipv6));
    columns.forms.set(this.forms.subarray(0, changes));
    columns.kinds.set(this.kinds.subarray(0, changes));
    return columns.#bytes;
  }
}

function bytesOf(changes: number, ipv6: number): number {
  return HEAD_BYTES + CHANGE_BYTES * changes + MORE_WORDS * WORD_BYTES * ipv6;
}

/** Fills columns, one change after the other. */
export class ChangeWriter {
  readonly #columns: ChangeColumns;
  readonly #address = new PackedAddress();
  #changes = 0;
  #ipv6 = 0;

  /** @param max Maximum number of changes. */
  constructor(max: number) {
    this.#columns = ChangeColumns.empty(max, max);
  }

  /** Number of changes. */
  get length(): number {
    return this.#changes;
  }

  /** Adds the next change. */
  add(change: Change, { jail, node }: ChangeNameIds): void {
    const [columns, at] = [this.#columns, this.#changes++];
    columns.atMs[at] = change.atMs;
    columns.expiresMs[at] = change.kind === "report" ? change.expiresMs : 0;
    columns.jails[at] = jail;
    columns.nodes[at] = node;
    columns.kinds[at] = kindOf(change);
    this.#address.read(change.address);
    const { form, words, isIpv4 } = this.#address;
    columns.forms[at] = form;
    columns.words[at] = words[0] ?? 0;
    if (isIpv4) return;
    columns.ipv6.set(words.subarray(1), MORE_WORDS * this.#ipv6++);
  }

  /** Drops all but the first `length` changes. */
  truncate(length: number): void {
    const { forms } = this.#columns;
    for (; this.#changes > length; this.#changes--) {
      if (!isIpv4Form(forms[this.#changes - 1] ?? 0)) this.#ipv6--;
    }
  }

  /** Encodes the changes for {@link ChangeColumns.read}. */
  encode(): Uint8Array {
    return this.#columns.encode(this.#changes, this.#ipv6);
  }
}

/** Reads changes, one after the other. */
export class ChangeReader {
  readonly #columns: ChangeColumns;
  readonly #names: ChangeNames;
  #ipv6 = 0;

  constructor(columns: ChangeColumns, names: ChangeNames) {
    this.#columns = columns;
    this.#names = names;
  }

  /**
   * Reads the address of the next change.
   *
   * @param at Its index: one more than in the previous call.
   * @param into Receives the address.
   */
  nextAddress(at: number, into: PackedAddress): void {
    const { forms, words, ipv6 } = this.#columns;
    into.form = forms[at] ?? 0;
    into.words.fill(0);
    into.words[0] = words[at] ?? 0;
    if (into.isIpv4) return;
    const from = MORE_WORDS * this.#ipv6++;
    into.words.set(ipv6.subarray(from, from + MORE_WORDS), 1);
  }

  /**
   * Makes the change at an index.
   *
   * @param seq Its sequence number.
   * @param address Its address, which the caller has read.
   */
  change(at: number, seq: number, address: PackedAddress): Change {
    const { atMs, jails, nodes, kinds, expiresMs } = this.#columns;
    const base = {
      seq,
      atMs: atMs[at] ?? 0,
      jail: this.#names.jail(jails[at] ?? 0),
      address: address.address(),
    };
    const node = this.#names.node(nodes[at] ?? 0);
    const change = changeOfKind(kinds[at], base, node, expiresMs[at] ?? 0);
    if (change === undefined) throw new RangeError("Cannot read a change");
    return change;
  }
}

/** The number of a change's kind. */
export function kindOf(change: Change): number {
  if (change.kind !== "report") return CHANGE_KINDS[change.kind];
  return change.isPending ? CHANGE_KINDS.pendingReport : CHANGE_KINDS.report;
}

/** The origin that reported, withdrew or lifted. */
export function nodeOf(change: Change): HostName {
  return change.kind === "lift" ? change.by : change.origin;
}

/**
 * Makes a change.
 *
 * @param kind As of {@link kindOf}.
 * @param node As of {@link nodeOf}.
 * @param expiresMs Used for reports only.
 * @returns `undefined`: the kind is invalid.
 */
export function changeOfKind(
  kind: unknown,
  base: Omit<Change & { kind: "lift" }, "kind" | "by">,
  node: HostName,
  expiresMs: number,
): Change | undefined {
  switch (kind) {
    case CHANGE_KINDS.report:
    case CHANGE_KINDS.pendingReport: {
      const isPending = kind === CHANGE_KINDS.pendingReport;
      return { ...base, kind: "report", origin: node, expiresMs, isPending };
    }
    case CHANGE_KINDS.withdraw:
      return { ...base, kind: "withdraw", origin: node };
    case CHANGE_KINDS.lift:
      return { ...base, kind: "lift", by: node };
    default:
      return undefined;
  }
}
