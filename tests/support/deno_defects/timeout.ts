/**
 * A socket that waits with zeromq.js's own timeout for a message that never
 * comes. Prints the error that ended the wait.
 *
 * usage: timeout.ts receive|send TIMEOUT_MS
 *
 * @module
 */

import * as zmq from "zeromq";

const [direction, timeout] = Deno.args;

async function wait(timeoutMs: number): Promise<void> {
  if (direction === "receive") {
    await new zmq.Pull({ receiveTimeout: timeoutMs, linger: 0 }).receive();
  } else {
    await new zmq.Push({ sendTimeout: timeoutMs, linger: 0 }).send("");
  }
}

const ending = await wait(Number(timeout)).then(
  () => "none",
  (error: { code?: string }) => error.code ?? String(error),
);
Deno.stdout.writeSync(new TextEncoder().encode(ending));
Deno.exit();
