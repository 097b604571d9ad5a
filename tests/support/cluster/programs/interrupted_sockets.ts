/**
 * Makes round trips while it receives signals; prints `ready`, then `done`, and
 * waits to be stopped.
 *
 * usage: interrupted_sockets.ts ROUND_TRIPS
 *
 * @module
 */

import { ZmqBench } from "../../bench/zmq_bench.ts";

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

await using bench = new ZmqBench();
const pair = bench.pair();
await bench.roundTrip(pair, "first");
let signals = 0;
Deno.addSignalListener("SIGUSR2", () => signals++);
say("ready");
for (let trip = 0; trip < Number(Deno.args[0]); trip++) {
  await bench.roundTrip(pair, String(trip));
}
say(signals > 0 ? "done" : "no signal came");
await new Promise(() => setInterval(() => {}, 60_000));
