/**
 * Tells of what is reported: a record for each event while few come, one for
 * many while many do. Nothing is left out; only what the events of a jail have
 * in common is said once.
 *
 * @module
 */

import type { BanKey } from "../ban/ban.ts";
import type { BanKind } from "../ban/ban_event.ts";
import type { JailName } from "../base/jail_name.ts";
import type { Log } from "../log/log.ts";

/** Addresses in a record, in characters: a longer value would be cut. */
const MAX_LENGTH = 960;

/** Events of one jail that are still to be told. */
interface Notes {
  readonly kind: BanKind;
  readonly jail: JailName;
  count: number;
  addresses: string;
}

/** Collects what is told together. */
export class ReportLog {
  readonly #log: Log;
  readonly #notes = new Map<string, Notes>();

  /** @param log Where to tell. */
  constructor(log: Log) {
    this.#log = log;
  }

  /** Notes an event; it is told with {@link ReportLog.flush} at the latest. */
  add(kind: BanKind, { jail, address }: BanKey): void {
    const name = `${kind}|${jail}`;
    const notes = this.#notes.get(name);
    if (notes === undefined) {
      this.#notes.set(name, { kind, jail, count: 1, addresses: address });
      return;
    }
    notes.count++;
    notes.addresses += `,${address}`;
    if (notes.addresses.length < MAX_LENGTH) return;
    this.#notes.delete(name);
    this.#record(notes);
  }

  /** Tells all that was noted. */
  flush(): void {
    for (const notes of this.#notes.values()) this.#record(notes);
    this.#notes.clear();
  }

  #record({ kind, jail, count, addresses }: Notes): void {
    if (count === 1) {
      this.#log.record("notice", `reporting ${kind}`, {
        jail,
        address: addresses,
      });
    } else {
      this.#log.record("notice", `reporting ${kind}s`, {
        jail,
        count,
        addresses,
      });
    }
  }
}
