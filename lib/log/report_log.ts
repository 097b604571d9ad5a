/**
 * Tells of bans and unbans on their way: a record for each while few come, one
 * for many while many do. No address is left out; what the events of a jail
 * have in common is said once.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { EventId } from "../base/ids.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import type { Log } from "./log.ts";

/** Addresses in a record, in characters: a longer value would be cut. */
const MAX_LENGTH = 960;

/** What is told of. */
export interface ReportNote {
  readonly kind: "ban" | "unban";
  /** Whose it is; left out: this host's. */
  readonly node?: HostName;
  readonly jail: JailName;
  readonly address: Address;
  /** The same at the monitor and the publisher; left out: it came by protocol 1. */
  readonly id?: EventId;
  /** The number of the change that it made, the same at all three; left out: it made none. */
  readonly change?: number | undefined;
}

/** Events of one jail that are still to be told. */
interface Notes extends ReportNote {
  count: number;
  addresses: string;
}

/** Collects what is told together. */
export class ReportLog {
  readonly #log: Log;
  readonly #verb: string;
  readonly #notes = new Map<string, Notes>();

  /**
   * @param log Where to tell.
   * @param verb What is done with them: what a record begins with.
   */
  constructor(log: Log, verb: string) {
    this.#log = log;
    this.#verb = verb;
  }

  /** Notes an event; it is told with {@link ReportLog.flush} at the latest. */
  add(note: ReportNote): void {
    const { kind, node = "", jail, address } = note;
    const name = `${kind}|${jail}|${node}`;
    const notes = this.#notes.get(name);
    if (notes === undefined) {
      this.#notes.set(name, { ...note, count: 1, addresses: address });
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

  #record(notes: Notes): void {
    const { kind, node, jail, address, id, change, count, addresses } = notes;
    const event = `${this.#verb} ${kind}`;
    if (count === 1) {
      const fields = { node, jail, address, id, change };
      this.#log.record("notice", event, fields);
    } else {
      this.#log.record("notice", `${event}s`, { node, jail, count, addresses });
    }
  }
}
