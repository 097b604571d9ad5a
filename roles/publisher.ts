/**
 * fail2ban-publisher: takes the reports of monitors, tells every subscriber.
 *
 * @module
 */

import deno from "../deno.json" with { type: "json" };
import { LibcPoll } from "../lib/io/libc_poll.ts";
import { ZmqContext } from "../lib/io/zmq_socket.ts";
import { Publisher } from "../lib/publisher.ts";
import { runTogether } from "../lib/tasks.ts";
import { MAX_MESSAGE_BYTES, MAX_REQUEST_BYTES } from "../lib/wire_v1.ts";
import { watchProtection } from "./program/host_protection.ts";
import {
  type RoleContext,
  type RoleProgram,
  runProgram,
} from "./program/role_program.ts";

const PROGRAM: RoleProgram<"publisher"> = {
  name: "fail2ban-publisher",
  role: "publisher",
  version: deno.version,
  moduleUrl: import.meta.url,
  work,
};

/** A slow subscriber may be so far behind before it misses broadcasts. */
const BROADCAST_QUEUE = 100_000;
/** What was sent is still delivered for so long after a stop. */
const LINGER_MS = 500;

/**
 * Runs the program.
 *
 * @param argv Its arguments, without its name.
 * @returns The exit code.
 */
export async function main(argv: readonly string[]): Promise<number> {
  return await runProgram(PROGRAM, argv);
}

async function work(context: RoleContext<"publisher">): Promise<void> {
  const { config, log, clock, dryRun, signal, ready } = context;
  const protection = await watchProtection(context);
  await using poll = new LibcPoll();
  await using zeromq = new ZmqContext(poll);
  const broadcasts = zeromq.publisher(config.broadcasterBindUrl, {
    maxMessageBytes: MAX_MESSAGE_BYTES,
    sendQueueMessages: BROADCAST_QUEUE,
    lingerMs: LINGER_MS,
  });
  const replies = zeromq.router(config.replyBindUrl, {
    maxMessageBytes: MAX_REQUEST_BYTES,
    lingerMs: LINGER_MS,
  });
  const publisher = new Publisher({
    replies,
    broadcasts,
    clock,
    log,
    tokens: config.token === undefined ? [] : [config.token],
    protection: () => protection.policy,
    dryRun,
  });
  await ready(() => ({
    ...publisher.counters,
    unresolvedNames: protection.unresolvedNames,
  }));
  await runTogether(signal, [
    (group) => protection.run(group),
    (group) => publisher.run(group),
  ]);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
