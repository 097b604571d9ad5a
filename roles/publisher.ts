/**
 * fail2ban-publisher: accepts reports of monitors and informs every subscriber.
 *
 * @module
 */

import deno from "../deno.json" with { type: "json" };
import { MemberAuthenticator } from "../lib/publisher/authenticator.ts";
import { publisherSamples } from "../lib/metrics/publisher_samples.ts";
import { PublisherTally } from "../lib/metrics/publisher_tally.ts";
import { publisherFaults } from "../lib/metrics/role_faults.ts";
import type { PublisherConfig } from "../lib/config/config.ts";
import { allowlistAt } from "../lib/protection/allowlist.ts";
import { AllowlistProtection } from "../lib/protection/allowlist_protection.ts";
import type { HostName } from "../lib/base/host_name.ts";
import { LibcPoll } from "../lib/zmq/io/libc_poll.ts";
import { newSessionId } from "../lib/base/io/session_id.ts";
import {
  banStoreBytes,
  banStorePath,
  SqliteBanStore,
} from "../lib/store/io/sqlite_ban_store.ts";
import type { SecretKey } from "../lib/zmq/curve_key.ts";
import { ThreadTimesReader } from "../lib/zmq/io/thread_times.ts";
import { ZmqContext } from "../lib/zmq/io/zmq_socket.ts";
import { ThreadLoad } from "../lib/zmq/thread_load.ts";
import { legacyWarnings } from "../lib/config/legacy.ts";
import type { Protocol2Service } from "../lib/publisher/protocol2_server.ts";
import { Publisher } from "../lib/publisher/publisher.ts";
import type { BanStore } from "../lib/ban/ban_store.ts";
import type { PublisherTerm } from "./program/shared_publisher.ts";
import { growthBy } from "../lib/ban/growth_rules.ts";
import { wideningBy } from "../lib/widen/widen_rules.ts";
import { quorumBy } from "../lib/ban/quorum_rules.ts";
import { Protocol1RequestServer } from "../lib/publisher/protocol1_requests.ts";
import { runTogether } from "../lib/async/tasks.ts";
import { prefixedFigures } from "../lib/service/status_report.ts";
import { type BoundProtocol2, PublicPorts } from "./program/bound_sockets.ts";
import { watchProtection } from "./program/host_protection.ts";
import { legacyChanges, settleLegacy, tellOfLegacy } from "./program/legacy.ts";
import {
  checkPublisherMembers,
  type MemberSource,
  type PublisherMembers,
  readPublisherMembers,
} from "./program/publisher_members.ts";
import { lastBackupMs } from "./program/last_backup.ts";
import { answerOperators } from "./program/operator_socket.ts";
import { checkTokens, PublisherTokens } from "./program/publisher_tokens.ts";
import type { RoleContext, RoleProgram } from "./program/invocation.ts";
import { PublisherHttp } from "./program/http_port.ts";
import type { PagePort } from "./program/page_port.ts";
import { operatorAnswers } from "./program/page_requests.ts";
import { ProgramMetrics } from "./program/program_metrics.ts";
import { runProgram } from "./program/role_program.ts";

/** The program. */
export const PROGRAM: RoleProgram<"publisher"> = {
  name: "fail2ban-publisher",
  role: "publisher",
  version: deno.version,
  moduleUrl: import.meta.url,
  checkHost: async (config) => {
    const { checkPublisherHost } = await import("./program/host_check.ts");
    return await checkPublisherHost(config);
  },
  check,
  work: (context) => context.dryRun ? rehearse(context) : work(context),
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

async function check(config: PublisherConfig): Promise<readonly string[]> {
  const members = await checkPublisherMembers(config);
  await checkTokens(config);
  if (config.engine !== undefined) {
    const { checkEngine } = await import("./program/shared_publisher.ts");
    await checkEngine(config.engine, config.general.stateDir);
  }
  return legacyWarnings(settleLegacy(config, members), config);
}

async function work(context: RoleContext<"publisher">): Promise<void> {
  const { engine } = context.config;
  if (engine === undefined) {
    const read = await readAll(context);
    using store = openStore(context);
    return await serve(context, read, store);
  }
  // A single publisher loads none of this code.
  const { shareTable } = await import("./program/shared_publisher.ts");
  await loadForTerms(context.config);
  await readAll(context);
  await shareTable(context, engine, async (term) => {
    const read = await readAll(term.context, term.members);
    await serve(term.context, read, term.store, term);
  });
}

/**
 * Loads the modules that a term needs. A standby may wait for days, and an
 * upgrade may replace the files meanwhile.
 */
async function loadForTerms(
  { httpBind, pageBind }: PublisherConfig,
): Promise<void> {
  if (httpBind !== undefined) {
    await import("../lib/metrics/io/prometheus_registry.ts");
  }
  if (pageBind !== undefined) await import("./program/page_port.ts");
}

/** Reads everything that service depends on. */
async function readAll(
  context: RoleContext<"publisher">,
  shared?: MemberSource,
) {
  const { config } = context;
  const protection = await watchProtection(context);
  const members = await readPublisherMembers(context, shared);
  const legacy = settleLegacy(config, members);
  const tokens = await PublisherTokens.read(context);
  tellOfLegacy(context, legacy, members);
  return { protection, members, legacy, tokens };
}

function openStore(
  { config, log }: RoleContext<"publisher">,
): SqliteBanStore {
  const path = banStorePath(config.general.stateDir);
  const { durability } = config;
  const store = SqliteBanStore.open({ path, durability });
  if (store.lostChanges > 0) {
    const event = "the store lost its last changes, and has a new epoch";
    log.record("error", event, { changes: store.lostChanges, path });
  }
  if (store.damage !== undefined) {
    const event =
      "a snapshot of the bans or a page of the log is damaged, and nothing is lost";
    log.record("warning", event, { reason: store.damage, path });
  }
  return store;
}

/** Serves with a store: alone, or for one term as the active publisher. */
async function serve(
  context: RoleContext<"publisher">,
  { protection, members, legacy, tokens }: Awaited<ReturnType<typeof readAll>>,
  store: BanStore,
  term?: PublisherTerm,
): Promise<void> {
  const { config, log, signal, ready } = context;
  const { banTimeMs, keepHistoryMs } = config;
  const path = banStorePath(config.general.stateDir);
  await using ports = new PublicPorts(context, {
    protocol1: legacy !== "off",
    protocol2: members.identity !== undefined,
    http: config.httpBind !== undefined,
    page: config.pageBind !== undefined,
  });
  const metrics: ProgramMetrics = await ProgramMetrics.begin({
    program: "publisher",
    version: deno.version,
    context,
    samples: async () =>
      publisherSamples({
        ...{ ...publisher.facts, tally, ports: ports.facts },
        listAnswers: http?.listAnswers,
        storeBytes: banStoreBytes(path),
        engine: term?.engine(),
        lastBackupMs: await lastBackupMs(config.general.stateDir),
        nowMs: context.clock.nowMs(),
        aheadMs: publisher.view.time.aheadMs,
      }),
    look: () => publisherFaults(publisher.view),
    nodes: () => publisher.nodes,
  });
  const { hostName } = config.general;
  const tally = new PublisherTally({
    ...{ hostName, durations: metrics.durations },
    onDeed: (verb) => metrics.notifications.noteDeed(verb),
  });
  await using http = PublisherHttp.open(context, ports, metrics.route);
  await using page = await openPage(context, ports, members);
  await using poll = new LibcPoll();
  await using zeromq = new ZmqContext(poll);
  using threads = new ThreadTimesReader();
  const load = new ThreadLoad({
    ...{ clock: context.clock, log },
    times: () => threads.read(),
  });
  const publisher: Publisher = new Publisher({
    protocol1: legacy === "off" ? undefined : {
      ...ports.bindProtocol1(zeromq),
      tokens: tokens.current,
      isReadonly: legacy === "readonly",
    },
    protocol2: serveMembers(
      context,
      (secretKey) => ports.bindProtocol2(zeromq, secretKey),
      { ...members, changes: legacyChanges(context, legacy, members.changes) },
      (node) => publisher.isSuspended(node),
    ),
    store,
    clock: context.clock,
    log,
    pace: context.pace,
    protection: () => protection.policy,
    banTimeMs,
    keepHistoryMs,
    quorumOf: quorumBy(config.quorum),
    growthOf: growthBy(config.growth),
    wideningOf: wideningBy(config.widening),
    limits: config.limits,
    newSessionId,
    hostName: config.general.hostName,
    version: deno.version,
    lists: http?.places ?? [],
    allowed: members.list.allowed,
    lastBackupMs: () => lastBackupMs(config.general.stateDir),
    threads: () => load.busy,
    gather: (ended) => context.clock.delay(0, ended),
    observer: tally,
    ...(term === undefined ? {} : { mayGreet: term.isSure }),
  });
  const answer = operatorAnswers(publisher, page);
  term?.begin(publisher, answer);
  http?.show(publisher);
  page?.show(publisher);
  metrics.markReady();
  await using _operators = term === undefined
    ? await answerOperators(context, answer)
    : new AsyncDisposableStack();
  await ready(() => ({
    ...publisher.figures,
    ...ports.figures,
    ...http?.figures,
    ...page?.figures,
    ...metrics.figures,
    ...prefixedFigures("thread", load.busy ?? {}),
    unresolvedNames: protection.unresolvedNames,
  }));
  await (term?.runTogether ?? runTogether)(signal, [
    (group) => protection.run(group),
    ...tokens.tasks,
    ...listTasks(publisher, members),
    (group) => publisher.run(group),
    ...metrics.tasks,
    (group) => load.run(group),
    ...ports.tasks,
  ]);
}

/** Loads and opens the page if it is configured. */
async function openPage(
  context: RoleContext<"publisher">,
  ports: PublicPorts,
  { stored }: PublisherMembers,
): Promise<PagePort | undefined> {
  const { pageBind } = context.config;
  if (pageBind === undefined) return undefined;
  const { PagePort } = await import("./program/page_port.ts");
  return await PagePort.open(context, ports, pageBind, stored);
}

/** Follows the member list where protocol 2, which would follow it, is off. */
function listTasks(
  publisher: Publisher,
  { identity, list, changes }: PublisherMembers,
): readonly ((signal: AbortSignal) => Promise<void>)[] {
  if (identity !== undefined) return [];
  return [async (signal) => {
    await publisher.updateUnserved(list);
    for await (const next of changes(signal)) {
      await publisher.updateUnserved(next);
    }
  }];
}

/** The service of protocol 2; none if the publisher has no keys. */
function serveMembers(
  context: RoleContext<"publisher">,
  bind: (secretKey: SecretKey) => BoundProtocol2,
  { identity, list, changes }: PublisherMembers,
  isSuspended: (node: HostName) => boolean,
): Protocol2Service | undefined {
  if (identity === undefined) {
    context.log.record("notice", "protocol 2 is not served: no keys", {
      hint: "fail2ban-cluster init",
    });
    return undefined;
  }
  const { secretKey } = identity.keys;
  return {
    ...bind(secretKey),
    authenticator: new MemberAuthenticator(list, isSuspended),
    memberChanges: changes,
    told: identity.isTold === true ? identity : undefined,
  };
}

/**
 * A dry run: receives requests of protocol 1, if that is served, and logs what
 * it would do.
 */
async function rehearse(context: RoleContext<"publisher">): Promise<void> {
  const { config, log, clock, signal, ready } = context;
  const protection = await watchProtection(context);
  const members = await readPublisherMembers(context);
  const legacy = settleLegacy(config, members);
  const tokens = await PublisherTokens.read(context);
  tellOfLegacy(context, legacy, members);
  const allowlist = new AllowlistProtection(() => protection.policy);
  allowlist.replace(allowlistAt(members.list.allowed, clock.nowMs()));
  await using ports = new PublicPorts(context, {
    protocol1: legacy !== "off",
    protocol2: false,
    http: false,
    page: false,
  });
  await using poll = new LibcPoll();
  await using zeromq = new ZmqContext(poll);
  const server = legacy === "off" ? undefined : new Protocol1RequestServer({
    socket: ports.bindProtocol1(zeromq).replies,
    keeping: undefined,
    clock,
    log,
    tokens: tokens.current,
    isReadonly: legacy === "readonly",
    protection: () => allowlist.policy,
  });
  await ready(() => ({
    legacy,
    ...server?.counters,
    ...ports.figures,
    unresolvedNames: protection.unresolvedNames,
  }));
  await runTogether(signal, [
    (group) => protection.run(group),
    ...tokens.tasks,
    ...(server === undefined ? [] : [(it: AbortSignal) => server.run(it)]),
    ...ports.tasks,
  ]);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
