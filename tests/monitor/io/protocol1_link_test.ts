import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { Protocol1Link } from "../../../lib/monitor/protocol1_link.ts";
import { runTogether } from "../../../lib/async/tasks.ts";
import { MAX_REQUEST_BYTES, renderMessage } from "../../../lib/wire/v1.ts";
import { banEvents } from "../../support/values/core_values.ts";
import { MemoryLog } from "../../support/memory/memory_log.ts";
import { frames, texts } from "../../support/memory/memory_socket.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";

const LIMITS = { maxMessageBytes: MAX_REQUEST_BYTES };

Deno.test("a publisher that dies with a request and is back at once takes no other's refusal for it", async () => {
  const [lost, refused] = banEvents(2);
  if (lost === undefined || refused === undefined) throw new Error("No events");
  await using bench = new ZmqBench();
  const { context, signal } = bench;
  const log = new MemoryLog();
  const first = context.router("tcp://127.0.0.1:*", LIMITS);
  const url = first.endpoint;
  const link = new Protocol1Link({
    connect: () => context.dealer(url, LIMITS),
    clock: new SystemClock(),
    log,
  });
  const heard: string[] = [];
  const serve = async (group: AbortSignal) => {
    await link.submit(lost, group);
    await first.receive(group);
    await first[Symbol.asyncDispose]();
    await link.submit(refused, group);
    await using second = context.router(url, LIMITS);
    while (true) {
      const [peer, delimiter, body] = await second.receive(group);
      if (!peer || !delimiter || !body) throw new Error("Not a request");
      const request = texts([body]).join();
      heard.push(request);
      const answer = request === renderMessage(refused) ? "NAK" : request;
      await second.send([peer, delimiter, ...frames(answer)], group);
    }
  };
  await runTogether(signal, [
    (group) => link.run(group),
    serve,
    (group) => link.waitSettled(2, group),
  ]);
  const { acknowledged, refused: refusals } = link.counters;
  deepStrictEqual([acknowledged, refusals], [1, 1]);
  strictEqual(heard.includes(renderMessage(lost)), true);
  deepStrictEqual(
    log.records.filter(({ severity }) => severity === "error")
      .map(({ fields }) => fields?.["address"]),
    [refused.address],
  );
});
