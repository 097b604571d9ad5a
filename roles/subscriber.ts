/**
 * fail2ban-subscriber: receives other hosts' bans and enforces them here.
 *
 * @module
 */

import deno from "../deno.json" with { type: "json" };
import { ActionQueue } from "../lib/subscriber/action_queue.ts";
import { AllowlistProtection } from "../lib/protection/allowlist_protection.ts";
import { LibcPoll } from "../lib/zmq/io/libc_poll.ts";
import { ZmqContext } from "../lib/zmq/io/zmq_socket.ts";
import { LogAction } from "../lib/subscriber/log_action.ts";
import { DrillReceipts } from "../lib/subscriber/drill_receipts.ts";
import { ReceiptQueue } from "../lib/subscriber/receipt_queue.ts";
import type {
  DesiredBans,
  DesiredBansOptions,
} from "../lib/enforce/desired_bans.ts";
import { DesiredCopy } from "../lib/enforce/desired_copy.ts";
import { DesiredReports } from "../lib/enforce/desired_reports.ts";
import { ObservedBans } from "../lib/subscriber/observed_bans.ts";
import { prefixedFigures } from "../lib/service/status_report.ts";
import { subscriberSamples } from "../lib/metrics/node_samples.ts";
import { subscriberFaults } from "../lib/metrics/role_faults.ts";
import { SteadyClock } from "../lib/async/steady_clock.ts";
import { runTogether } from "../lib/async/tasks.ts";
import {
  observesSome,
  onlyObserving,
  placeOfReport,
  type Receiver,
} from "../lib/choice/receiver_choice.ts";
import { NodeHttp } from "./program/node_http.ts";
import { ProgramMetrics } from "./program/program_metrics.ts";
import { openBanSource } from "./program/ban_source.ts";
import { EnforcedActions } from "./program/enforced_actions.ts";
import { newFireDrill } from "./program/drill_looks.ts";
import { watchProtection } from "./program/host_protection.ts";
import { KeptAllowlist } from "./program/kept_allowlist.ts";
import { checkMembership } from "./program/node_membership.ts";
import type { RoleContext, RoleProgram } from "./program/invocation.ts";
import { runProgram } from "./program/role_program.ts";

/** The program. */
export const PROGRAM: RoleProgram<"subscriber"> = {
  name: "fail2ban-subscriber",
  role: "subscriber",
  version: deno.version,
  moduleUrl: import.meta.url,
  checkHost: async (config) => {
    const { checkSubscriberHost } = await import("./program/host_check.ts");
    return await checkSubscriberHost(config);
  },
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
  const { config, log, messages, signal, ready } = context;
  const clock = new SteadyClock(context.clock);
  const metrics: ProgramMetrics = await ProgramMetrics.begin({
    program: "subscriber",
    version: deno.version,
    context,
    samples: () =>
      subscriberSamples({ ...source.facts, actions: enforced.facts }),
    look: () => subscriberFaults({ ...source.facts, actions: enforced.facts }),
    startingWith: () =>
      source.facts.isKnown ? undefined : "there is no copy of the bans yet",
  });
  await using http = NodeHttp.open(context, metrics.route);
  const hostProtection = await watchProtection(context);
  const allowlist = new AllowlistProtection(() => hostProtection.policy);
  const keptAllowlist = await KeptAllowlist.read({ ...context, allowlist });
  await using poll = new LibcPoll();
  await using zeromq = new ZmqContext(poll);
  const receipts = new ReceiptQueue();
  const receiver = receiverOf(context);
  const newDesiredBans = desiredBansBy(context, receiver);
  const drillReceipts = new DrillReceipts(receipts);
  await using enforced = new EnforcedActions({
    context,
    clock,
    receipts: drillReceipts,
    durations: metrics.durations,
    policy: () => allowlist.policy,
    newDesiredBans,
  });
  const { protection } = enforced;
  const { general: { hostName }, banTimeMs } = config;
  const observed = new ObservedBans({
    actionNames: config.actions.length === 0 ? ["none"] : config.actions,
    desired: newDesiredBans({ hostName, jailMap: [], banTimeMs }),
    ...{ protection, clock, log },
  });
  const sink = messages;
  const logAction = new LogAction({ sink, clock: context.clock, protection });
  const logs = config.actions.includes(logAction.name);
  const actions = [...(logs ? [logAction] : []), ...enforced.actions];
  const queue = new ActionQueue({ actions, clock, log });
  const drill = newFireDrill({
    ...{ context, clock, receiver, receipts: drillReceipts },
    actions: enforced.actions,
  });
  using source = await openBanSource({
    context,
    clock,
    zeromq,
    queue,
    receipts,
    receiver,
    observed,
    version: deno.version,
    orders: {
      judge: (address) => allowlist.judge(address),
      drill: drill.run,
    },
    onIgnore: (list) => keptAllowlist.take(list),
    standings: () => enforced.standings,
    onReplaced: () => enforced.tellInForce(),
    protection,
  });
  metrics.markReady();
  await ready(() => ({
    ...source.figures,
    ...queue.counters,
    ...enforced.figures,
    ...(observesSome(receiver.choice)
      ? prefixedFigures("observed", { ...observed.state })
      : {}),
    ...metrics.figures,
    unresolvedNames: hostProtection.unresolvedNames,
    allowed: allowlist.list.ignore.length,
  }));
  await runTogether(signal, [
    (group) => hostProtection.run(group),
    (group) => keptAllowlist.run(group),
    (group) => observed.run(group),
    (group) => queue.runWith(group, [(ended) => source.run(ended)]),
    (group) => enforced.run(group, { source, queue }),
    ...metrics.tasks,
    ...(http === undefined ? [] : [(group: AbortSignal) => http.run(group)]),
  ]);
}

/** This node and its choice; in a dry run it only observes. */
function receiverOf(
  { config: { general, choice }, dryRun }: RoleContext<"subscriber">,
): Receiver {
  const { hostName } = general;
  return { hostName, choice: dryRun ? onlyObserving(choice) : choice };
}

/** With protocol 1 this host must remember which node reported what. */
function desiredBansBy(
  { config }: RoleContext<"subscriber">,
  receiver: Receiver,
): (options: DesiredBansOptions) => DesiredBans {
  if (config.protocol2 !== undefined) {
    return (options) => new DesiredCopy(options);
  }
  return (options) =>
    new DesiredReports({
      ...options,
      isTaken: ({ reportedJail, origin }) =>
        placeOfReport(receiver, reportedJail, origin) === "taken",
    });
}

/** Runs without desired bans, so that everything in force is lifted. */
async function lift(context: RoleContext<"subscriber">): Promise<void> {
  const { log, dryRun, signal } = context;
  await using enforced = new EnforcedActions({
    context,
    clock: new SteadyClock(context.clock),
    receipts: new ReceiptQueue(),
    durations: undefined,
    policy: () => ({ minPrefix4Bits: 0, minPrefix6Bits: 0 }),
    newDesiredBans: (options) => new DesiredCopy(options),
  });
  if (dryRun) log.record("notice", "would lift all bans");
  await enforced.liftAll(signal);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
