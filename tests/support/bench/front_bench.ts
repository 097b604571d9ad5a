import { ok } from "node:assert/strict";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { type Opening } from "../../../lib/front/curve_opening.ts";
import { Front, type FrontLimits } from "../../../lib/front/front.ts";
import { InnerEndpoints } from "../../../lib/front/inner_endpoints.ts";
import { host } from "../values/core_values.ts";
import { ManualClock, settled } from "../memory/manual_clock.ts";
import {
  MemoryConnection,
  MemoryListener,
} from "../memory/memory_connection.ts";
import { MemoryLog } from "../memory/memory_log.ts";

/** Small limits. */
export const LIMITS: FrontLimits = {
  maxOpen: 10,
  maxOfAddress: 10,
  maxShaking: 2,
  maxShakingOfAddress: 2,
  graceMs: 100,
  maxOfNode: 2,
  bytes: {
    handshakeBytes: 1_000,
    rate: { perSecond: 10, burst: 20 },
    aboveRate: "cut",
  },
};
/** An opening that counts as begun before any data. */
export const HAS_BEGUN: Opening = {
  greeting: new Uint8Array(),
  judge: () => "begun",
};
/** A text as long as a handshake. */
export const HANDSHAKE = "h".repeat(600);

/** A running front between peers and sockets in memory. */
export class FrontBench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly listener = new MemoryListener();
  /** The inner connections in order, each with its path. */
  readonly inner: (MemoryConnection & { path?: string })[] = [];
  /** Number of private addresses created. */
  addresses = 0;
  /** Private addresses that were given up. */
  readonly shut: string[] = [];
  failure: RuntimeError | undefined;
  readonly front: Front;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    others: Partial<FrontLimits> & { readonly opening?: Opening } = {},
  ) {
    const { clock, log, listener } = this;
    this.front = new Front({
      ...{ clock, log, listener, limits: { ...LIMITS, ...others } },
      turn: { isLong: false, next: () => Promise.resolve() },
      inner: {
        kind: "asked",
        opening: others.opening ?? HAS_BEGUN,
        endpoints: new InnerEndpoints({
          max: 4,
          open: (number) => {
            this.addresses++;
            return { path: `/${number}`, zapDomain: `d${number}` };
          },
          close: ({ path }) => void this.shut.push(path),
        }),
      },
      connect: (path) => {
        if (this.failure !== undefined) return Promise.reject(this.failure);
        const connection = Object.assign(new MemoryConnection(), { path });
        this.inner.push(connection);
        return Promise.resolve(connection);
      },
    });
    this.#running = this.front.run(this.#stop.signal);
  }

  async peer(address = "192.0.2.1"): Promise<MemoryConnection> {
    const peer = new MemoryConnection(address);
    this.listener.give(peer);
    await settled();
    return peer;
  }

  /** Connects a peer that libzmq asks about and that is admitted. */
  async member(name: string, address?: string): Promise<MemoryConnection> {
    const peer = await this.peer(address);
    peer.say(HANDSHAKE);
    await settled();
    const domain = `d${this.inner.at(-1)?.path?.slice(1)}`;
    const asked = this.front.asked(domain);
    ok(asked !== undefined);
    asked.letIn(host(name));
    return peer;
  }

  /** Closes an inner connection, as libzmq does. */
  async close(index: number): Promise<void> {
    this.inner[index]?.go();
    await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    for (const each of this.inner) each.go();
    await this.front[Symbol.asyncDispose]();
  }
}
