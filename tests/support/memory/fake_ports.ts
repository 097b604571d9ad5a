/**
 * A monitor's ports in memory: a log, its position, and fail2ban's database.
 *
 * @module
 */

import type { Address } from "../../../lib/base/address.ts";
import type { JailName } from "../../../lib/base/jail_name.ts";
import type {
  LineBatch,
  LineSource,
  LogPosition,
  PositionStore,
} from "../../../lib/tail/ports.ts";
import type { StateText } from "../../../lib/base/state_text.ts";
import type { TicketOracle, TicketState } from "../../../lib/fail2ban/ports.ts";
import { Condition } from "../../../lib/async/tasks.ts";

/** A log that a test extends. */
export class MemoryLines implements LineSource {
  /** An error to throw instead of returning lines. */
  failure: Error | undefined;
  readonly #batches: LineBatch[] = [];
  readonly #changed = new Condition();
  #offsetBytes = 0;

  /**
   * Adds lines that are read at once.
   *
   * @returns Their end position.
   */
  give(bytes: Uint8Array): number {
    const startBytes = this.#offsetBytes;
    this.#offsetBytes += bytes.length;
    const end = {
      device: 1,
      inode: 2,
      offsetBytes: this.#offsetBytes,
      fingerprint: "f".repeat(32),
    };
    this.#batches.push({ bytes, startBytes, end });
    this.#changed.notify();
    return this.#offsetBytes;
  }

  /** Makes reading fail. */
  fail(error: Error): void {
    this.failure = error;
    this.#changed.notify();
  }

  async *batches(signal: AbortSignal): AsyncIterable<LineBatch> {
    while (!signal.aborted) {
      if (this.failure !== undefined) throw this.failure;
      const batch = this.#batches.shift();
      if (batch === undefined) {
        await this.#changed.wait(signal).catch((reason) => {
          if (reason !== signal.reason) throw reason;
        });
      } else {
        yield batch;
      }
    }
  }
}

/** Stores every position. */
export class MemoryPositions implements PositionStore {
  /** The stored positions, oldest first. */
  readonly saved: LogPosition[] = [];
  /** An error to throw instead of storing. */
  failure: Error | undefined;

  load(): Promise<LogPosition | undefined> {
    return Promise.resolve(this.saved.at(-1));
  }

  save(position: LogPosition): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.saved.push(position);
    return Promise.resolve();
  }

  /** The stored positions, in bytes. */
  get offsets(): number[] {
    return this.saved.map(({ offsetBytes }) => offsetBytes);
  }
}

/** Stores a text in memory. */
export class MemoryStateText implements StateText {
  readonly place = "in memory";
  #text: string | undefined;

  load(): Promise<string | undefined> {
    return Promise.resolve(this.#text);
  }

  save(text: string): Promise<void> {
    this.#text = text;
    return Promise.resolve();
  }

  putAside(): Promise<void> {
    this.#text = undefined;
    return Promise.resolve();
  }
}

/** A database with answers that a test sets; stores the questions. */
export class MemoryOracle implements TicketOracle {
  /** The state of every ticket. */
  state: TicketState = "unknown";
  /** The questions, oldest first. */
  readonly asked: string[] = [];

  ticketState(jail: JailName, address: Address, nowMs: number): TicketState {
    this.asked.push(`${jail} ${address} ${nowMs}`);
    return this.state;
  }
}
