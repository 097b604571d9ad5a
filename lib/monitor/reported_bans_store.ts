/**
 * Keeps the reported bans from one run to the next.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import type { StateText } from "../base/state_text.ts";
import type { Log } from "../log/log.ts";
import type { KnownBans } from "./reported_bans.ts";
import {
  decodeReportedBans,
  encodeReportedBans,
} from "./reported_bans_form.ts";

/** The reported bans, stored as a text. */
export class ReportedBansStore {
  readonly #text: StateText;
  readonly #log: Log;

  /**
   * @param text Stores the text.
   * @param log Receives a record of a damaged text.
   */
  constructor(text: StateText, log: Log) {
    this.#text = text;
    this.#log = log;
  }

  /**
   * @returns The stored bans; `undefined`: there are none, or they are damaged.
   */
  async load(): Promise<KnownBans | undefined> {
    try {
      const text = await this.#text.load();
      return text === undefined ? undefined : decodeReportedBans(text);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const event = "what was reported before is not known, and begun anew";
      const { message: reason } = error;
      this.#log.record("warning", event, { reason, file: this.#text.place });
      await this.#text.putAside().catch((failure) => {
        if (!(failure instanceof RuntimeError)) throw failure;
      });
      return undefined;
    }
  }

  /**
   * Stores all records.
   *
   * @throws {RuntimeError} when they can't be stored.
   */
  async save(known: KnownBans): Promise<void> {
    await this.#text.save(encodeReportedBans(known));
  }
}
