/**
 * Logs bans and unbans on their way: one record each while there are few, one
 * record for several while there are many. Every address is logged; the fields
 * that events of a jail share are logged once.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { EventId } from "../base/ids.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import type { Log, LogFields } from "./log.ts";

/**
 * Maximum length of the addresses in a record, in characters; a longer value
 * would be cut.
 */
const MAX_LENGTH = 960;

/** A ban or unban to log. */
export interface ReportNote {
  readonly kind: "ban" | "unban";
  /** The node that it belongs to; left out: this host. */
  readonly node?: HostName;
  readonly jail: JailName;
  readonly address: Address;
  /**
   * Its ID, the same at monitor and publisher; left out: it came by protocol 1.
   */
  readonly id?: EventId;
  /**
   * The number of its change, the same on all hosts; left out: it changed
   * nothing.
   */
  readonly change?: number | undefined;
}

/** Events of one jail that still have to be logged. */
interface Notes extends ReportNote {
  count: number;
  addresses: string;
}

/** Collects events that are logged together. */
export class ReportLog {
  readonly #log: Log;
  readonly #verb: string;
  readonly #fields: LogFields;
  readonly #notes = new Map<string, Notes>();

  /**
   * @param log Receives log records.
   * @param verb What happens to the events; the first word of each record.
   * @param fields The first fields of each record. @default {none}
   */
  constructor(log: Log, verb: string, fields: LogFields = {}) {
    this.#log = log;
    this.#verb = verb;
    this.#fields = fields;
  }

  /** Adds an event; {@link ReportLog.flush} logs it at the latest. */
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

  /** Logs all collected events. */
  flush(): void {
    for (const notes of this.#notes.values()) this.#record(notes);
    this.#notes.clear();
  }

  #record(notes: Notes): void {
    const { kind, node, jail, address, id, change, count, addresses } = notes;
    const isSingle = count === 1;
    this.#log.record("notice", `${this.#verb} ${kind}${isSingle ? "" : "s"}`, {
      ...{ ...this.#fields, node, jail },
      ...(isSingle ? { address, id, change } : { count, addresses }),
    });
  }
}
