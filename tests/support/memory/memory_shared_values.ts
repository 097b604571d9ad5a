/**
 * Shared values of several publishers in memory, with realistic faults.
 *
 * @module
 */

import { NoLogError } from "../../../lib/engine/shared_log.ts";
import type {
  SharedValue,
  SharedValues,
} from "../../../lib/engine/shared_values.ts";
import type { LogFault } from "./memory_shared_log.ts";

/** The state that all publishers of a test share. */
export class MemoryValuesServer {
  readonly values = new Map<string, SharedValue>();
  #version = 0;

  next(): number {
    return ++this.#version;
  }
}

/** One publisher's connection to the values. */
export class MemorySharedValues implements SharedValues {
  readonly server: MemoryValuesServer;
  /** Whether it answers nothing. */
  isSilent = false;
  /** Faults of the next writes, one each. */
  readonly faults: (LogFault | undefined)[] = [];

  /** @param server The shared state. */
  constructor(server: MemoryValuesServer = new MemoryValuesServer()) {
    this.server = server;
  }

  async read(
    name: string,
    known: number | undefined,
  ): Promise<SharedValue | undefined> {
    await this.#answer();
    const value = this.#at(name);
    return value.version === known ? undefined : value;
  }

  async write(
    name: string,
    bytes: Uint8Array<ArrayBuffer>,
    seen: number,
  ): Promise<boolean> {
    const fault = this.faults.shift();
    await this.#answer();
    if (fault === "before") throw silence();
    const isAsSeen = this.#at(name).version === seen;
    if (isAsSeen) {
      const { server } = this;
      server.values.set(name, { version: server.next(), bytes });
    }
    if (fault === "after") throw silence();
    return isAsSeen;
  }

  async put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#answer();
    this.server.values.set(name, { version: this.server.next(), bytes });
  }

  async remove(name: string): Promise<void> {
    await this.#answer();
    this.server.values.delete(name);
  }

  async all(beginning: string): Promise<ReadonlyMap<string, SharedValue>> {
    await this.#answer();
    return new Map(
      [...this.server.values].filter(([name]) => name.startsWith(beginning))
        .map(([name, value]) => [name.slice(beginning.length), value]),
    );
  }

  #at(name: string): SharedValue {
    return this.server.values.get(name) ?? { version: 0, bytes: undefined };
  }

  async #answer(): Promise<void> {
    // As over a network, no answer is immediate.
    await Promise.resolve();
    if (this.isSilent) throw silence();
  }
}

function silence(): NoLogError {
  return new NoLogError("the engine does not answer");
}
