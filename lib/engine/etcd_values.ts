/**
 * The publishers' shared values in etcd. Versions are etcd's `mod_revision`.
 *
 * @module
 */

import { type EtcdGateway, isObject } from "./etcd_gateway.ts";
import { foundIn } from "./etcd_log.ts";
import type { SharedValue, SharedValues } from "./shared_values.ts";

/** One publisher's access to the values. */
export class EtcdValues implements SharedValues {
  readonly #client: EtcdGateway;
  readonly #prefix: string;

  /**
   * @param client A gateway to etcd.
   * @param prefix Prefix of all keys, with a trailing slash.
   */
  constructor(client: EtcdGateway, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  async read(
    name: string,
    known: number | undefined,
    signal: AbortSignal,
  ): Promise<SharedValue | undefined> {
    const key = this.#key(name);
    const { succeeded, responses } = await this.#client.ask("/v3/kv/txn", {
      // Versions are never below 0, so a caller without one gets the value.
      compare: [isAt(key, known ?? -1)],
      success: [],
      failure: [{ request_range: { key } }],
    }, signal);
    if (succeeded === true) return undefined;
    const [first] = Array.isArray(responses) ? responses : [];
    const range = isObject(first) ? first["response_range"] : undefined;
    const [found] = foundIn(range);
    return { version: found?.version ?? 0, bytes: found?.value };
  }

  async write(
    name: string,
    bytes: Uint8Array<ArrayBuffer>,
    seen: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const key = this.#key(name);
    const { succeeded } = await this.#client.ask("/v3/kv/txn", {
      compare: [isAt(key, seen)],
      success: [{ request_put: { key, value: bytes.toBase64() } }],
      failure: [],
    }, signal);
    return succeeded === true;
  }

  async put(
    name: string,
    bytes: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Promise<void> {
    const body = { key: this.#key(name), value: bytes.toBase64() };
    await this.#client.ask("/v3/kv/put", body, signal);
  }

  async remove(name: string, signal: AbortSignal): Promise<void> {
    const body = { key: this.#key(name) };
    await this.#client.ask("/v3/kv/deleterange", body, signal);
  }

  async all(
    beginning: string,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, SharedValue>> {
    const answer = await this.#client.ask("/v3/kv/range", {
      key: this.#key(beginning),
      // After all names of printable ASCII.
      range_end: this.#key(`${beginning}\x7f`),
    }, signal);
    const length = `${this.#prefix}${beginning}`.length;
    return new Map(
      foundIn(answer).map(({ key, version, value }) => [
        key.slice(length),
        { version, bytes: value },
      ]),
    );
  }

  #key(name: string): string {
    return new TextEncoder().encode(`${this.#prefix}${name}`).toBase64();
  }
}

function isAt(key: string, version: number): unknown {
  return {
    ...{ key, target: "MOD", result: "EQUAL" },
    mod_revision: String(version),
  };
}
