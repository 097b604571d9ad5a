/**
 * The kernel's notifications of changes of the firewall.
 *
 * @see {@link https://github.com/torvalds/linux/blob/master/include/uapi/linux/netfilter/nf_tables.h | nf_tables.h}
 * @module
 */

import { type Address, canonicalAddress } from "../base/address.ts";
import { nftSetParts, type NftTable, parseNftSet } from "./nft_names.ts";

/** Receives the kernel's notifications. */
export interface FirewallEvents {
  /** Begins to listen. Does nothing when it listens already. */
  open(): void;
  /** Stops listening. Does nothing when it does not listen. */
  close(): void;
  /**
   * Hands over the netlink messages received since the last call.
   *
   * @returns Whether these are all: `false` when it does not listen, or the
   * kernel had to drop some.
   */
  drain(take: (messages: Uint8Array) => void): boolean;
}

const MESSAGE_BYTES = 16;
/** `struct nfgenmsg`. */
const GENERAL_BYTES = 4;
const ATTRIBUTE_BYTES = 4;
/** Masks out the flags for nesting and byte order. */
const TYPE_MASK = 0x3fff;
const SUBSYSTEM = 10;
const [DELETED_ELEMENTS, NEW_GENERATION] = [14, 15];
const FAMILY_INET = 1;
/** The attribute with the table's name, in every message. */
const TABLE = 1;
const [SET, ELEMENTS] = [2, 3];
const ELEMENT = 1;
const KEY = 1;
const VALUE = 1;
/** Several parts of a table of 1,000,000; for more, a full list costs less. */
const MAX_DELETED = 50_000;

/**
 * Reads from notifications what happened to one table.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert/strict";
 * import { NFT_TABLE } from "./nft_names.ts";
 * import { TableChanges } from "./nft_events.ts";
 *
 * const changes = new TableChanges(NFT_TABLE);
 * // nlmsghdr of 20 bytes: NFT_MSG_NEWGEN, then nfgenmsg.
 * changes.take(new Uint8Array([20, 0, 0, 0, 15, 10, ...Array(14).fill(0)]));
 * strictEqual(changes.transactions, 1);
 * strictEqual(changes.hasOthers, false);
 * ```
 */
export class TableChanges {
  /** Number of complete transactions, of any table. */
  transactions = 0;
  /** Whether the table changed in other ways than {@link TableChanges.deleted} tells. */
  hasOthers = false;
  /** Addresses and prefixes that were deleted from the table's sets. */
  readonly deleted = new Set<Address>();
  readonly #table: NftTable;

  /** @param table The table's name. */
  constructor(table: NftTable) {
    this.#table = table;
  }

  /** Reads whole netlink messages; an unreadable one counts as another change of the table. */
  take(messages: Uint8Array): void {
    for (let at = 0; at + MESSAGE_BYTES <= messages.length;) {
      const view = new DataView(messages.buffer, messages.byteOffset + at);
      const length = view.getUint32(0, true);
      if (length < MESSAGE_BYTES || at + length > messages.length) {
        this.hasOthers = true;
        return;
      }
      this.#takeOne(
        view.getUint16(4, true),
        messages.subarray(at, at + length),
      );
      at += length + 3 & ~3;
    }
  }

  #takeOne(type: number, message: Uint8Array): void {
    const kind = type & 255;
    if (type >> 8 !== SUBSYSTEM) {
      this.hasOthers = true;
    } else if (kind === NEW_GENERATION) {
      this.transactions++;
    } else if (this.#isOfTable(message)) {
      const isRead = kind === DELETED_ELEMENTS && this.#takeDeleted(message);
      this.hasOthers ||= !isRead;
    }
  }

  #isOfTable(message: Uint8Array): boolean {
    if (message[MESSAGE_BYTES] !== FAMILY_INET) return false;
    const table = attribute(attributesOf(message), TABLE);
    return table === undefined || textOf(table) === this.#table;
  }

  /** @returns Whether the whole message could be read. */
  #takeDeleted(message: Uint8Array): boolean {
    const attributes = attributesOf(message);
    const set = parseNftSet(textOf(attribute(attributes, SET) ?? NOTHING));
    if (set === undefined) return false;
    const { family, prefixBits } = nftSetParts(set);
    const list = attribute(attributes, ELEMENTS) ?? NOTHING;
    for (const [type, element] of attributesIn(list)) {
      const key = attribute(element, KEY) ?? NOTHING;
      const value = attribute(key, VALUE) ?? NOTHING;
      const address = addressOf(value, family, prefixBits);
      if (type !== ELEMENT || address === undefined) return false;
      if (this.deleted.size >= MAX_DELETED) return false;
      this.deleted.add(address);
    }
    return true;
  }
}

const NOTHING = new Uint8Array();

function attributesOf(message: Uint8Array): Uint8Array {
  return message.subarray(MESSAGE_BYTES + GENERAL_BYTES);
}

function attribute(bytes: Uint8Array, type: number): Uint8Array | undefined {
  for (const [its, value] of attributesIn(bytes)) {
    if (its === type) return value;
  }
  return undefined;
}

function* attributesIn(
  bytes: Uint8Array,
): Generator<readonly [number, Uint8Array], void, undefined> {
  for (let at = 0; at + ATTRIBUTE_BYTES <= bytes.length;) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at);
    const length = view.getUint16(0, true);
    if (length < ATTRIBUTE_BYTES || at + length > bytes.length) return;
    const type = view.getUint16(2, true) & TYPE_MASK;
    yield [type, bytes.subarray(at + ATTRIBUTE_BYTES, at + length)];
    at += length + 3 & ~3;
  }
}

/** Names end at a zero byte. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const named = end === -1 ? bytes : bytes.subarray(0, end);
  return String.fromCharCode(...named.subarray(0, 64));
}

function addressOf(
  bytes: Uint8Array,
  family: 4 | 6,
  prefixBits: number | undefined,
): Address | undefined {
  if (bytes.length !== (family === 4 ? 4 : 16)) return undefined;
  const suffix = prefixBits === undefined ? "" : `/${prefixBits}`;
  if (family === 4) return canonicalAddress(bytes.join(".") + suffix);
  const groups = Array.from(
    { length: 8 },
    (_, at) =>
      ((bytes[2 * at] ?? 0) << 8 | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return canonicalAddress(groups.join(":") + suffix);
}
