/**
 * A program that ends despite a pending wait of a minute.
 *
 * usage: waiting_poll.ts exit|throw
 *
 * @module
 */

import { LibcPoll } from "../../../../lib/zmq/io/libc_poll.ts";
import { LibcPipes } from "../../host/libc_pipes.ts";

const poll = new LibcPoll({ boundMs: 60_000 });
poll.add({ descriptor: new LibcPipes().make().readEnd, settle: () => {} });
// One turn of the event loop starts the call in its thread.
await new Promise((resolve) => setTimeout(resolve, 0));
if (Deno.args[0] === "exit") Deno.exit(7);
throw new Error("the end");
