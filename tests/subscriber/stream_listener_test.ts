import { deepStrictEqual } from "node:assert/strict";
import { Condition } from "../../lib/async/tasks.ts";
import type { Epoch } from "../../lib/base/ids.ts";
import { StreamListener } from "../../lib/subscriber/stream_listener.ts";
import { encodeStreamMessage } from "../../lib/wire/v2.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { MemorySocket } from "../support/memory/memory_socket.ts";

const SILENCE_MS = 2_500;
const HEARTBEAT = encodeStreamMessage({
  ...{ kind: "H", epoch: "e0".repeat(16) as Epoch, seq: 0, revision: 0 },
});

/** A listener with its connections, oldest first. */
function listen(hear: () => Promise<void>) {
  const clock = new ManualClock();
  const sockets: MemorySocket[] = [];
  let silences = 0;
  const listener = new StreamListener({
    connect: () => {
      const socket = new MemorySocket();
      sockets.push(socket);
      return socket;
    },
    ...{ clock, log: new MemoryLog(), silenceMs: SILENCE_MS },
    onSilence: () => silences++,
  });
  const stop = new AbortController();
  const running = listener.run(stop.signal, hear).catch(() => {});
  return {
    clock,
    hear: () => sockets.at(-1)?.give(HEARTBEAT),
    seen: () => ({ connections: sockets.length, silences }),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

Deno.test("a stream that falls silent is connected again, and whoever searches is told", async () => {
  await using listener = listen(() => Promise.resolve());
  listener.hear();
  await listener.clock.advance(SILENCE_MS - 1);
  deepStrictEqual(listener.seen(), { connections: 1, silences: 0 });
  await listener.clock.advance(1);
  deepStrictEqual(listener.seen(), { connections: 2, silences: 1 });
});

Deno.test("a new connection has more time for its first message, which needs a handshake", async () => {
  await using listener = listen(() => Promise.resolve());
  await listener.clock.advance(SILENCE_MS + 500);
  deepStrictEqual(listener.seen(), { connections: 1, silences: 0 });
  await listener.clock.advance(500);
  deepStrictEqual(listener.seen(), { connections: 2, silences: 0 });
});

Deno.test("while nothing comes each connection has twice as long as the one before, up to four times", async () => {
  await using listener = listen(() => Promise.resolve());
  for (const [index, ms] of [3_500, 7_000, 14_000, 14_000].entries()) {
    await listener.clock.advance(ms - 1);
    deepStrictEqual(listener.seen().connections, index + 1);
    await listener.clock.advance(1);
    deepStrictEqual(listener.seen().connections, index + 2);
  }
  await listener.clock.advance(13_000);
  listener.hear();
  await listener.clock.advance(SILENCE_MS - 1);
  deepStrictEqual(listener.seen(), { connections: 5, silences: 0 });
  await listener.clock.advance(1);
  deepStrictEqual(listener.seen(), { connections: 6, silences: 1 });
  // The line needed that time.
  await listener.clock.advance(14_000 - 1);
  deepStrictEqual(listener.seen(), { connections: 6, silences: 1 });
});

Deno.test("a message that waits for room on this host is no silence of the stream", async () => {
  const room = new Condition();
  const { signal } = new AbortController();
  await using listener = listen(() => room.wait(signal));
  listener.hear();
  await listener.clock.advance(10 * SILENCE_MS);
  deepStrictEqual(listener.seen(), { connections: 1, silences: 0 });
  room.notify();
  await listener.clock.advance(SILENCE_MS);
  deepStrictEqual(listener.seen(), { connections: 2, silences: 1 });
});
