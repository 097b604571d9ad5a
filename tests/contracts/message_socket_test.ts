import { deepStrictEqual, rejects } from "node:assert/strict";
import type { MessageSocket } from "../../lib/zmq/ports.ts";
import {
  frames,
  MemorySocket,
  texts,
} from "../support/memory/memory_socket.ts";
import { ZmqBench } from "../support/bench/zmq_bench.ts";
import { deadlineSignal } from "../support/host/deadline.ts";

/** A socket and the other end of it. */
interface Ends extends AsyncDisposable {
  readonly socket: MessageSocket;
  /** A socket of the same kind whose peer has no room. */
  readonly blocked: MessageSocket;
  readonly signal: AbortSignal;
  /** Has the peer send. */
  give(text: string): Promise<void>;
  /** The next message that the peer hears. */
  heard(): Promise<string | undefined>;
}

class MemoryEnds implements Ends {
  readonly socket = new MemorySocket();
  readonly blocked = new MemorySocket();
  readonly signal = deadlineSignal(10_000);
  #heard = 0;

  constructor() {
    this.blocked.blocked = true;
  }

  give(text: string): Promise<void> {
    this.socket.give(frames(text));
    return Promise.resolve();
  }

  heard(): Promise<string | undefined> {
    const message = this.socket.sent[this.#heard++];
    return Promise.resolve(message && texts(message)[0]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.socket[Symbol.asyncDispose]();
    await this.blocked[Symbol.asyncDispose]();
  }
}

class ZmqEnds implements Ends {
  readonly #bench = new ZmqBench();
  readonly #pair = this.#bench.pair();
  readonly socket = this.#pair.dealer;
  readonly blocked = this.#bench.context.dealer(
    "tcp://127.0.0.1:1",
    this.#bench.limits,
  );
  readonly signal = this.#bench.signal;
  #peer: Uint8Array | undefined;

  async give(text: string): Promise<void> {
    const { router } = this.#pair;
    if (this.#peer === undefined) {
      await this.socket.send(frames("who I am"), this.signal);
      [this.#peer] = await router.receive(this.signal);
    }
    if (this.#peer === undefined) throw new Error("A ROUTER names its peers");
    await router.send([this.#peer, ...frames(text)], this.signal);
  }

  async heard(): Promise<string | undefined> {
    return texts(await this.#pair.router.receive(this.signal))[1];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#bench[Symbol.asyncDispose]();
  }
}

/** What every message socket does. */
const BEHAVIOURS: Readonly<Record<string, (ends: Ends) => Promise<void>>> = {
  "hands messages over in order, each once": async (ends) => {
    const sent = ["a", "b", "", "c"];
    for (const text of sent) await ends.socket.send(frames(text), ends.signal);
    const heard = [];
    for (const _ of sent) heard.push(await ends.heard());
    deepStrictEqual(heard, sent);
  },
  "gives messages in order, each once, also to who waits already": async (
    ends,
  ) => {
    const first = ends.socket.receive(ends.signal);
    for (const text of ["a", "b", "c"]) await ends.give(text);
    const received = [texts(await first)];
    for (let count = 0; count < 2; count++) {
      received.push(texts(await ends.socket.receive(ends.signal)));
    }
    deepStrictEqual(received, [["a"], ["b"], ["c"]]);
  },
  "rejects an aborted receive with the reason, and loses no message": async (
    ends,
  ) => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const waiting = rejects(ends.socket.receive(stop.signal), reason);
    stop.abort(reason);
    await waiting;
    await ends.give("a");
    deepStrictEqual(texts(await ends.socket.receive(ends.signal)), ["a"]);
  },
  "rejects an aborted send with the reason": async ({ blocked }) => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const waiting = rejects(blocked.send(frames("a"), stop.signal), reason);
    stop.abort(reason);
    await waiting;
  },
  "refuses a second receive while one waits, which goes on": async (ends) => {
    const first = ends.socket.receive(ends.signal);
    await rejects(ends.socket.receive(ends.signal), /receive/);
    await ends.give("a");
    deepStrictEqual(texts(await first), ["a"]);
  },
  "refuses a second send while one waits": async ({ blocked, signal }) => {
    const stop = new AbortController();
    const first = rejects(blocked.send(frames("a"), stop.signal));
    await rejects(blocked.send(frames("b"), signal), /send/);
    stop.abort();
    await first;
  },
};

for (const [behaviour, show] of Object.entries(BEHAVIOURS)) {
  Deno.test(`MemorySocket ${behaviour}`, async () => {
    await using ends = new MemoryEnds();
    await show(ends);
  });

  Deno.test(`a ZeroMQ socket ${behaviour}`, async () => {
    await using ends = new ZmqEnds();
    await show(ends);
  });
}
