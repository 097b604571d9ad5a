/**
 * Addresses in the columns of bans: the prefix length of each, and its bits in
 * the column of its family.
 *
 * @module
 */

import { type ColumnSet, IPV6_BYTES, IPV6_SPAN } from "./column_set.ts";
import {
  ipv6Form,
  isIpv4Form,
  type PackedAddress,
  prefixOfIpv6,
} from "./packed_address.ts";

type AddressColumns = Pick<ColumnSet, "spans" | "ipv4" | "ipv6">;

const WORD_BYTES = 4;

function viewOf({ ipv6 }: AddressColumns): DataView {
  return new DataView(ipv6.buffer, ipv6.byteOffset, ipv6.byteLength);
}

/** Reads addresses one after another. */
export class AddressReader {
  readonly #columns: AddressColumns;
  readonly #ipv6: DataView;
  #nextIpv4 = 0;
  #nextIpv6 = 0;

  /** @param columns The columns to read. */
  constructor(columns: AddressColumns) {
    this.#columns = columns;
    this.#ipv6 = viewOf(columns);
  }

  /**
   * Reads the next address.
   *
   * @param at Index of its ban: one more than the last.
   * @param into Receives the address.
   */
  next(at: number, into: PackedAddress): void {
    const { spans, ipv4 } = this.#columns;
    const span = spans[at] ?? 0;
    if (span < IPV6_SPAN) {
      into.form = span;
      into.words.fill(0);
      into.words[0] = ipv4[this.#nextIpv4++] ?? 0;
      return;
    }
    into.form = ipv6Form(span - IPV6_SPAN);
    const from = IPV6_BYTES * this.#nextIpv6++;
    for (let word = 0; word < into.words.length; word++) {
      into.words[word] = this.#ipv6.getInt32(from + WORD_BYTES * word);
    }
  }
}

/** Writes addresses one after another. */
export class AddressWriter {
  readonly #columns: AddressColumns;
  readonly #ipv6: DataView;
  #nextIpv4 = 0;
  #nextIpv6 = 0;

  /** @param columns The columns to write, with room for all. */
  constructor(columns: AddressColumns) {
    this.#columns = columns;
    this.#ipv6 = viewOf(columns);
  }

  /** Writes the next address. @param at As in {@link AddressReader.next}. */
  next(at: number, { form, words }: PackedAddress): void {
    const { spans, ipv4 } = this.#columns;
    if (isIpv4Form(form)) {
      spans[at] = form;
      ipv4[this.#nextIpv4++] = words[0] ?? 0;
      return;
    }
    spans[at] = IPV6_SPAN + prefixOfIpv6(form);
    const to = IPV6_BYTES * this.#nextIpv6++;
    for (let word = 0; word < words.length; word++) {
      this.#ipv6.setInt32(to + WORD_BYTES * word, words[word] ?? 0);
    }
  }
}
