import { ok } from "node:assert/strict";
import { ThreadTimesReader } from "../../../lib/zmq/io/thread_times.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";

Deno.test({
  name: "ThreadTimesReader tells what the thread that asks and ZeroMQ's use",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using bench = new ZmqBench();
    const pair = bench.pair();
    await bench.roundTrip(pair, "hello");
    using reader = new ThreadTimesReader();
    const before = reader.read();
    ok(before);
    await waitUntil(async () => {
      for (let at = 0; at < 100; at++) await bench.roundTrip(pair, "again");
      const after = reader.read();
      return after !== undefined && after.mainMs > before.mainMs &&
        after.ioMs > before.ioMs;
    }, { what: "time that both threads use" });
  },
});
