/**
 * fail2ban-subscriber: hears what other hosts banned and acts on it here.
 *
 * @module
 */

import deno from "../deno.json" with { type: "json" };
import { LibcPoll } from "../lib/io/libc_poll.ts";
import { ZmqContext } from "../lib/io/zmq_socket.ts";
import { LogAction } from "../lib/log_action.ts";
import { Subscriber } from "../lib/subscriber.ts";
import { runTogether } from "../lib/tasks.ts";
import { MAX_MESSAGE_BYTES } from "../lib/wire_v1.ts";
import { EnforcedActions } from "./program/enforced_actions.ts";
import { watchProtection } from "./program/host_protection.ts";
import {
  type RoleContext,
  type RoleProgram,
  runProgram,
} from "./program/role_program.ts";

const PROGRAM: RoleProgram<"subscriber"> = {
  name: "fail2ban-subscriber",
  role: "subscriber",
  version: deno.version,
  moduleUrl: import.meta.url,
  work,
  lift,
};

/** Many broadcasts may wait while the actions are busy. */
const LIMITS = {
  maxMessageBytes: MAX_MESSAGE_BYTES,
  receiveQueueMessages: 100_000,
} as const;

/**
 * Runs the program.
 *
 * @param argv Its arguments, without its name.
 * @returns The exit code.
 */
export async function main(argv: readonly string[]): Promise<number> {
  return await runProgram(PROGRAM, argv);
}

async function work(context: RoleContext<"subscriber">): Promise<void> {
  const { config, log, clock, dryRun, messages, signal, ready } = context;
  const protection = await watchProtection(context);
  await using poll = new LibcPoll();
  await using zeromq = new ZmqContext(poll);
  const { publisherUrl, prefixFilter } = config;
  const broadcasts = zeromq.subscriber(publisherUrl, prefixFilter, LIMITS);
  const policy = () => protection.policy;
  await using enforced = new EnforcedActions({
    config,
    clock,
    log,
    protection: policy,
    dryRun,
  });
  const logs = config.actions.includes("log");
  const subscriber = new Subscriber({
    broadcasts,
    actions: [
      ...(logs ? [new LogAction(messages, clock)] : []),
      ...enforced.actions,
    ],
    clock,
    log,
    hostName: config.general.hostName,
    protection: policy,
    dryRun,
  });
  await ready(() => ({
    ...subscriber.counters,
    ...enforced.figures,
    unresolvedNames: protection.unresolvedNames,
  }));
  await runTogether(signal, [
    (group) => protection.run(group),
    (group) => subscriber.run(group),
    (group) => enforced.run(group),
  ]);
}

/** Wants nothing, so that all that was put in force is lifted. */
async function lift(context: RoleContext<"subscriber">): Promise<void> {
  const { config, log, clock, dryRun, signal } = context;
  const protection = () => ({ minPrefix4Bits: 0, minPrefix6Bits: 0 });
  await using enforced = new EnforcedActions({
    config,
    log,
    clock,
    dryRun,
    protection,
    wants: "copy",
  });
  if (dryRun) log.record("notice", "would lift all bans");
  await enforced.liftAll(signal);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
