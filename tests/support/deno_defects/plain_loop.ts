/**
 * zeromq.js as in its manual: REQ and REP in lockstep. Ends after all round
 * trips, or when nothing has moved for two seconds; prints the number of round
 * trips, and whether a message is unread.
 *
 * usage: plain_loop.ts ROUND_TRIPS
 *
 * @module
 */

import * as zmq from "zeromq";

const STILL_AFTER_MS = 2_000;
const roundTrips = Number(Deno.args[0]);

const replier = new zmq.Reply({ linger: 0 });
const requester = new zmq.Request({ linger: 0 });
await replier.bind("tcp://127.0.0.1:*");
requester.connect(replier.lastEndpoint ?? "");

let answered = 0;
let made = 0;

async function answerAll(): Promise<void> {
  while (answered < roundTrips) {
    const [question = ""] = await replier.receive();
    await replier.send(question);
    answered++;
  }
}

async function askAll(): Promise<void> {
  while (made < roundTrips) {
    await requester.send(String(made));
    await requester.receive();
    made++;
  }
}

async function untilStill(): Promise<void> {
  let before = -1;
  while (made > before && made < roundTrips) {
    before = made;
    await new Promise((resolve) => setTimeout(resolve, STILL_AFTER_MS));
  }
}

await Promise.race([Promise.all([answerAll(), askAll()]), untilStill()]);
const unread = requester.readable || replier.readable;
const outcome = { made, answered, unread };
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(outcome)));
Deno.exit();
