/**
 * A firewall that only sends the kernel's change notifications.
 *
 * @module
 */

import type { FirewallEvents } from "../../../lib/nftables/nft_events.ts";
import type { FirewallGeneration } from "../../../lib/nftables/nft_generation.ts";

/** `NFNL_SUBSYS_NFTABLES << 8`. */
const SUBSYSTEM = 10 << 8;
const [NEW_RULE, DELETED_ELEMENTS, NEW_GENERATION] = [6, 14, 15];
const FAMILY_INET = 1;

/** A generation, and listeners for its changes. */
export class MemoryFirewall implements FirewallGeneration, FirewallEvents {
  /** Whether the kernel loses notifications, and says so. */
  isOverrun = false;
  /** Whether the kernel silently sends none. */
  isDeaf = false;
  #generation = 41;
  #isOpen = false;
  #told: Uint8Array[] = [];

  read(): number {
    return this.#generation;
  }

  open(): void {
    this.#isOpen = true;
  }

  close(): void {
    this.#isOpen = false;
    this.#told = [];
  }

  drain(take: (messages: Uint8Array) => void): boolean {
    for (const messages of this.#told.splice(0)) take(messages);
    return this.#isOpen && !this.isOverrun;
  }

  /** Somebody changes a rule of a table. */
  change(table: string): void {
    this.#commit(message(NEW_RULE, attribute(1, text(table))));
  }

  /** Somebody removes an element from a set. */
  take(set: string, key: readonly number[]): void {
    this.#commit(deletedElement("fail2ban_cluster", set, key));
  }

  #commit(change: Uint8Array): void {
    this.#generation++;
    if (!this.#isOpen || this.isDeaf || this.isOverrun) return;
    const generation = attribute(1, [0, 0, 0, this.#generation & 255]);
    this.#told.push(change, message(NEW_GENERATION, generation));
  }
}

/** The kernel's notification of a removed element. */
export function deletedElement(
  table: string,
  set: string,
  key: readonly number[],
): Uint8Array {
  const value = attribute(1, key);
  const element = attribute(1, attribute(1, value, 0x8000), 0x8000);
  return message(DELETED_ELEMENTS, [
    ...attribute(1, text(table)),
    ...attribute(2, text(set)),
    ...attribute(3, element, 0x8000),
  ]);
}

/** A message of the subsystem, of the family `inet`. */
export function message(
  kind: number,
  attributes: readonly number[],
): Uint8Array {
  const bytes = new Uint8Array(20 + attributes.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, SUBSYSTEM | kind, true);
  bytes[16] = FAMILY_INET;
  bytes.set(attributes, 20);
  return bytes;
}

/** An attribute, padded to a multiple of four bytes. */
export function attribute(
  type: number,
  value: readonly number[],
  flags = 0,
): number[] {
  const length = 4 + value.length;
  const header = [length & 255, length >> 8, type & 255, flags >> 8];
  const filling = Array(-length & 3).fill(0);
  return [...header, ...value, ...filling];
}

function text(name: string): number[] {
  return [...new TextEncoder().encode(name), 0];
}
