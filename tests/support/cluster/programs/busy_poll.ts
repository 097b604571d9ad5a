/**
 * Adds and removes descriptors more often in one go than a pipe can hold bytes.
 *
 * @module
 */

import { LibcPoll } from "../../../../lib/zmq/io/libc_poll.ts";
import { LibcPipes } from "../../host/libc_pipes.ts";

const CHANGES = 100_000;

using pipes = new LibcPipes();
await using poll = new LibcPoll();
const watcher = { descriptor: pipes.make().readEnd, settle: () => {} };
let removed: Promise<void> | undefined;
for (let change = 0; change < CHANGES; change++) {
  poll.add(watcher);
  removed = poll.remove(watcher);
}
await removed;
