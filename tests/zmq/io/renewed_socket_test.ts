import { strictEqual } from "node:assert/strict";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { RenewedSocket } from "../../../lib/zmq/renewed_socket.ts";
import { runTogether } from "../../../lib/async/tasks.ts";
import { MAX_MESSAGE_BYTES } from "../../../lib/wire/v1.ts";
import { frames, texts } from "../../support/memory/memory_socket.ts";
import { MemoryLog } from "../../support/memory/memory_log.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";

Deno.test("a SUB that was sent a frame longer than it takes hears again over a new connection", async () => {
  await using bench = new ZmqBench();
  const { context, signal, limits } = bench;
  const publisher = context.publisher("tcp://127.0.0.1:*", limits);
  const socket = new RenewedSocket({
    connect: () =>
      context.subscriber(publisher.endpoint, "", {
        maxMessageBytes: MAX_MESSAGE_BYTES,
      }),
    clock: new SystemClock(),
    log: new MemoryLog(),
    silenceMs: 200,
    overlapMs: 100,
  });
  /** Publishes until it is heard. */
  const exchange = async (text: string, group: AbortSignal) => {
    const timer = setInterval(() => publisher.send(frames(text), signal), 5);
    try {
      while (texts(await socket.receive(group))[0] !== text);
    } finally {
      clearInterval(timer);
    }
  };
  await runTogether(signal, [
    (group) => socket.run(group),
    async (group) => {
      for (let round = 0; round < 3; round++) {
        await exchange(`before ${round}`, group);
        await publisher.send(
          [new Uint8Array(MAX_MESSAGE_BYTES + 1 << (10 * round))],
          group,
        );
        await exchange(`after ${round}`, group);
      }
    },
  ]);
  strictEqual(signal.aborted, false);
});
