/**
 * The peer of a bare libzmq socket, in its own process. It never sleeps, and
 * does nothing that is not measured.
 *
 * usage: bare_peer.ts echo URL | count URL MESSAGES | hear URL SUBSCRIBERS
 * MESSAGES
 *
 * `echo` answers each message of a DEALER with its own text; `count` answers
 * the last of MESSAGES; `hear` subscribes, and reports when all have received
 * all.
 *
 * @module
 */

import { bareReceive, bareSend, say, SENDER } from "../bare_zmq.ts";
import * as zmq from "zeromq";

async function echo(url: string): Promise<void> {
  const router = new zmq.Router(SENDER);
  router.bindSync(url);
  say("ready");
  while (true) await bareSend(router, await bareReceive(router));
}

async function count(url: string, messages: number): Promise<void> {
  const router = new zmq.Router(SENDER);
  router.bindSync(url);
  say("ready");
  while (true) {
    let last: Uint8Array[] = [];
    for (let at = 0; at < messages; at++) last = await bareReceive(router);
    await bareSend(router, last.slice(0, 2));
  }
}

async function hear(
  url: string,
  subscribers: number,
  messages: number,
): Promise<void> {
  const context = new zmq.Context({ ioThreads: 1 });
  const sockets = Array.from({ length: subscribers }, () => {
    const socket = new zmq.Subscriber({
      context,
      receiveTimeout: 0,
      receiveHighWaterMark: 0,
    });
    socket.subscribe("C");
    socket.connect(url);
    return socket;
  });
  say("ready");
  for (const socket of sockets) {
    for (let at = 0; at < messages; at++) await bareReceive(socket);
  }
  say("done");
}

const [mode, url = "", ...numbers] = Deno.args;
const [first = 0, second = 0] = numbers.map(Number);
if (mode === "echo") await echo(url);
else if (mode === "count") await count(url, first);
else await hear(url, first, second);
