/**
 * Why `lib/zmq/io/zmq_socket.ts` drives zeromq.js the way it does. The first tests
 * pass as long as Deno has the defects.
 *
 * @module
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { LibcPoll } from "../../../lib/zmq/io/libc_poll.ts";
import { ZmqContext } from "../../../lib/zmq/io/zmq_socket.ts";
import type { MessageSocket } from "../../../lib/zmq/ports.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { report } from "../../support/bench/tally.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { deadlineSignal } from "../../support/host/deadline.ts";

const ROUND_TRIPS = 10_000;
const LIMITS = { maxMessageBytes: 1_024 };
const DEFECTS = decodeURIComponent(
  new URL("../../support/deno_defects/", import.meta.url).pathname,
);

/** What is said on the day that a test fails because the defect is gone. */
function mended(what: string): string {
  return `Deno has mended it: ${what}. The work-around in ` +
    "lib/zmq/io/zmq_socket.ts can go, as far as no other of these tests holds it";
}

interface Ending {
  readonly signal: Deno.Signal | null;
  readonly output: string;
}

async function run(program: string, ...args: string[]): Promise<Ending> {
  await using child = new ChildProcess({
    command: Deno.execPath(),
    args: ["run", "--no-prompt", "-A", `${DEFECTS}${program}`, ...args],
  });
  await waitUntil(() => child.hasEnded, {
    what: `the end of ${program}`,
    timeoutMs: 20_000,
  });
  const { signal } = await child.ended;
  return { signal, output: child.stdout.join("\n") };
}

async function exchange(
  requester: MessageSocket,
  replier: MessageSocket,
): Promise<void> {
  const signal = deadlineSignal(30_000);
  const question = new TextEncoder().encode("question");
  const answerAll = async () => {
    for (let answered = 0; answered < ROUND_TRIPS; answered++) {
      await replier.send(await replier.receive(signal), signal);
    }
  };
  const askAll = async () => {
    for (let made = 0; made < ROUND_TRIPS; made++) {
      await requester.send([question], signal);
      deepStrictEqual(
        (await requester.receive(signal)).map((frame) => frame.length),
        [question.length],
      );
    }
  };
  await Promise.all([answerAll(), askAll()]);
}

Deno.test("zeromq.js as its manual says stalls on Deno, beside a message that waits to be read", async () => {
  const { signal, output } = await run("plain_loop.ts", String(ROUND_TRIPS));
  strictEqual(signal, null);
  const { made, answered, unread } = JSON.parse(output);
  report("plain loop", { "of round trips": ROUND_TRIPS, made, answered });
  ok(made < ROUND_TRIPS, mended("a pending receive() is woken again"));
  strictEqual(unread, true, "it stood still, but not for want of a wake-up");
});

for (const direction of ["receive", "send"]) {
  Deno.test(`${direction}Timeout above 0 crashes Deno, and 0 does not`, async () => {
    deepStrictEqual(await run("timeout.ts", direction, "0"), {
      signal: null,
      output: "EAGAIN",
    });
    const { signal, output } = await run("timeout.ts", direction, "50");
    ok(signal !== null, mended(`the wait ended with ${output}`));
  });
}

Deno.test("through lib/zmq/io/zmq_socket.ts the same loop makes every round trip", async () => {
  await using poll = new LibcPoll();
  await using context = new ZmqContext(poll);
  const replier = context.router("tcp://127.0.0.1:*", LIMITS);
  const requester = context.dealer(replier.endpoint, LIMITS);
  const beganMs = performance.now();
  await exchange(requester, replier);
  const elapsedMs = performance.now() - beganMs;
  report("the same loop through lib/zmq/io/zmq_socket.ts", {
    "round trips": ROUND_TRIPS,
    seconds: (elapsedMs / 1_000).toFixed(2),
    "microseconds each": Math.round(elapsedMs * 1_000 / ROUND_TRIPS),
  });
});
