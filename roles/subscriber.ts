/**
 * fail2ban-subscriber: hears what other hosts banned and acts on it here.
 *
 * @module
 */

import deno from "../deno.json" with { type: "json" };
import { ActionQueue } from "../lib/subscriber/action_queue.ts";
import { AllowlistProtection } from "../lib/protection/allowlist_protection.ts";
import { LibcPoll } from "../lib/zmq/io/libc_poll.ts";
import { ZmqContext } from "../lib/zmq/io/zmq_socket.ts";
import { LogAction } from "../lib/subscriber/log_action.ts";
import { ReceiptQueue } from "../lib/subscriber/receipt_queue.ts";
import { DesiredCopy } from "../lib/enforce/desired_copy.ts";
import { DesiredReports } from "../lib/enforce/desired_reports.ts";
import { DryRunQueue } from "../lib/subscriber/dry_run_queue.ts";
import { SteadyClock } from "../lib/async/steady_clock.ts";
import { runTogether } from "../lib/async/tasks.ts";
import { openBanSource } from "./program/ban_source.ts";
import { EnforcedActions } from "./program/enforced_actions.ts";
import { watchProtection } from "./program/host_protection.ts";
import { KeptAllowlist } from "./program/kept_allowlist.ts";
import { checkMembership } from "./program/node_membership.ts";
import type { RoleContext, RoleProgram } from "./program/invocation.ts";
import { checkSubscriberHost } from "./program/host_check.ts";
import { runProgram } from "./program/role_program.ts";

/** The program. */
export const PROGRAM: RoleProgram<"subscriber"> = {
  name: "fail2ban-subscriber",
  role: "subscriber",
  version: deno.version,
  moduleUrl: import.meta.url,
  checkHost: checkSubscriberHost,
  check: async ({ general, protocol2 }) => {
    if (protocol2 !== undefined) await checkMembership(general);
  },
  work,
  lift,
};

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
  const { config, log, dryRun, messages, signal, ready } = context;
  const clock = new SteadyClock(context.clock);
  const hostProtection = await watchProtection(context);
  const allowlist = new AllowlistProtection(() => hostProtection.policy);
  const keptAllowlist = await KeptAllowlist.read({ ...context, allowlist });
  await using poll = new LibcPoll();
  await using zeromq = new ZmqContext(poll);
  const receipts = new ReceiptQueue();
  await using enforced = new EnforcedActions({
    context,
    clock,
    receipts,
    policy: () => allowlist.policy,
    newDesiredBans: (options) =>
      config.protocol2 === undefined
        ? new DesiredReports(options)
        : new DesiredCopy(options),
  });
  const { protection } = enforced;
  const sink = messages;
  const logAction = new LogAction({ sink, clock: context.clock, protection });
  const actionNames = config.actions;
  const logs = actionNames.includes(logAction.name);
  const actions = [...(logs ? [logAction] : []), ...enforced.actions];
  const queue = new ActionQueue({ actions, clock, log });
  using source = await openBanSource({
    context,
    clock,
    zeromq,
    queue: dryRun ? new DryRunQueue({ actionNames, protection, log }) : queue,
    receipts,
    version: deno.version,
    onIgnore: (list) => keptAllowlist.take(list),
    standings: () => enforced.standings,
    onReplaced: () => enforced.tellInForce(),
    protection,
  });
  await ready(() => ({
    ...source.figures,
    ...queue.counters,
    ...enforced.figures,
    unresolvedNames: hostProtection.unresolvedNames,
    allowed: allowlist.list.ignore.length,
  }));
  await runTogether(signal, [
    (group) => hostProtection.run(group),
    (group) => keptAllowlist.run(group),
    (group) => queue.runWith(group, [(ended) => source.run(ended)]),
    (group) => enforced.run(group, { source, queue }),
  ]);
}

/** Wants nothing, so that all that was put in force is lifted. */
async function lift(context: RoleContext<"subscriber">): Promise<void> {
  const { log, dryRun, signal } = context;
  await using enforced = new EnforcedActions({
    context,
    clock: new SteadyClock(context.clock),
    receipts: new ReceiptQueue(),
    policy: () => ({ minPrefix4Bits: 0, minPrefix6Bits: 0 }),
    newDesiredBans: (options) => new DesiredCopy(options),
  });
  if (dryRun) log.record("notice", "would lift all bans");
  await enforced.liftAll(signal);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
