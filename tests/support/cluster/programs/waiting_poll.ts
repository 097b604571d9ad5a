/**
 * A program that has something to wait for, for a minute, and ends all the same.
 *
 * usage: waiting_poll.ts exit|throw
 *
 * @module
 */

import { LibcPoll } from "../../../../lib/zmq/io/libc_poll.ts";
import { LibcPipes } from "../../host/libc_pipes.ts";

const poll = new LibcPoll({ boundMs: 60_000 });
poll.add({ descriptor: new LibcPipes().make().readEnd, settle: () => {} });
// The call is in its thread once a round through the event loop is made.
await new Promise((resolve) => setTimeout(resolve, 0));
if (Deno.args[0] === "exit") Deno.exit(7);
throw new Error("the end");
