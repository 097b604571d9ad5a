/**
 * A bare ZeroMQ socket that reads nothing until its standard input ends, and
 * then everything: `PATH MESSAGES`. Like the publisher's socket against a
 * flood, it blocks after the first messages. Prints `bound`, and finally `took
 * MESSAGES`.
 *
 * @module
 */

import * as zmq from "zeromq";

const [path = "", messages = "0"] = Deno.args;
const router = new zmq.Router({
  ...{ linger: 0, receiveTimeout: 0, receiveHighWaterMark: 1 },
});
await router.bind(`ipc://${path}`);
say("bound");
for await (const _chunk of Deno.stdin.readable);
let took = 0;
while (took < Number(messages)) {
  if (await hasTaken()) took++;
  else await new Promise((resolve) => setTimeout(resolve, 1));
}
say(`took ${took}`);
Deno.exit(0);

async function hasTaken(): Promise<boolean> {
  try {
    await router.receive();
    return true;
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return false;
  }
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
