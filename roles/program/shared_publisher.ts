/**
 * One of several publishers: a standby, or for a term the active one.
 *
 * @module
 */

import type { EngineConfig } from "../../lib/config/engine_config.ts";
import { Condition, runTogether } from "../../lib/async/tasks.ts";
import type { BanStore } from "../../lib/ban/ban_store.ts";
import { newSessionId } from "../../lib/base/io/session_id.ts";
import { EtcdValues } from "../../lib/engine/etcd_values.ts";
import { EtcdLog } from "../../lib/engine/etcd_log.ts";
import { EtcdSnapshots } from "../../lib/engine/etcd_snapshots.ts";
import {
  type ActiveTerm,
  type LeadFigures,
  LeadKeeper,
  type ServeTerm,
} from "../../lib/engine/lead_keeper.ts";
import { MemberFollower } from "../../lib/engine/member_follower.ts";
import { tellState } from "../../lib/engine/publisher_states.ts";
import type { SharedMembers } from "../../lib/engine/shared_members.ts";
import { standbyHealth } from "../../lib/engine/standby_health.ts";
import type { Publisher } from "../../lib/publisher/publisher.ts";
import type { StatusFigures } from "../../lib/service/status_report.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../../lib/store/io/sqlite_ban_store.ts";
import type { OperatorAnswer } from "../../lib/wire/operator_messages.ts";
import type { RoleContext } from "./invocation.ts";
import type { AnswerOperator } from "../../lib/cli/command_socket.ts";
import { decidingSettings } from "./deciding_settings.ts";
import { openEngine, sharedMembers } from "./engine_client.ts";
import { memberListFile } from "./member_files.ts";
import { answerOperators } from "./operator_socket.ts";
import type { MemberSource } from "./publisher_members.ts";
import { fetchIfNeeded, imagesOf } from "./shared_image.ts";

/** A term as the active publisher. */
export interface PublisherTerm {
  /** The role's context, limited to the term. */
  readonly context: RoleContext<"publisher">;
  readonly store: BanStore;
  /** The member list that all publishers share, and its changes. */
  readonly members: MemberSource;
  /** See `Publisher`. */
  readonly isSure: () => boolean;
  /** Gives this publisher's state among the others. */
  readonly engine: () => LeadFigures;
  /** Called with the serving publisher. */
  readonly begin: (publisher: Publisher, answer: AnswerOperator) => void;
  /**
   * Runs the tasks; at the end it makes the nodes search for another publisher.
   */
  readonly runTogether: typeof runTogether;
}

/** Time for the last messages to reach the nodes. */
const DISMISSAL_MS = 100;

/**
 * Follows the other publishers, and serves while this one is active.
 *
 * @param context The role's context.
 * @param engine The engine that shares the table.
 * @param serve Serves for a term.
 * @throws {RuntimeError} when this host's store is no copy of the shared log.
 */
export async function shareTable(
  context: RoleContext<"publisher">,
  engine: EngineConfig,
  serve: (term: PublisherTerm) => Promise<void>,
): Promise<void> {
  const { config, clock, log, signal, ready, hide } = context;
  const { general: { hostName, stateDir }, keepHistoryMs } = config;
  using client = await openEngine(engine, stateDir, clock, hide);
  const path = banStorePath(stateDir);
  const shared = new EtcdLog(client, engine.prefix);
  const snapshots = new EtcdSnapshots(client, engine.prefix);
  await fetchIfNeeded(
    { log: shared, snapshots, path, records: log, clock },
    signal,
  );
  // After a power loss the shared log restores whatever this copy lacks.
  using copy = SqliteBanStore.open({
    path,
    durability: "process",
    isCopy: true,
  });
  const settings = await decidingSettings(config);
  const keeper = new LeadKeeper({
    log: shared,
    snapshots: { shared: snapshots, takeImage: imagesOf(path) },
    ...{ copy, clock, records: log, keepHistoryMs },
    name: hostName,
    settings,
    newId: newSessionId,
    chance: Math.random,
  });
  const stored = sharedMembers(client, engine, stateDir, clock);
  const members = new MemberFollower({
    ...{ shared: stored, copy: memberListFile(stateDir) },
    ...{ clock, records: log },
  });
  context.onReload(() => members.look());
  const teller = {
    values: new EtcdValues(client, engine.prefix),
    ...{
      clock,
      name: hostName,
      state: () => ({ ...keeper.figures, settings }),
    },
  };
  let serving: (() => StatusFigures) | undefined;
  let active: AnswerOperator | undefined;
  await using _operators = await answerOperators(
    context,
    (request, gone) =>
      active?.(request, gone) ?? standbyAnswer(keeper.figures.active),
  );
  await ready(() => {
    const { epoch, seq, table } = copy;
    const { figures } = keeper;
    const health = standbyHealth(figures);
    const own = serving?.() ?? { bans: table.size, seq, epoch, health };
    return { ...figures, ...own };
  });
  const serveTerm: ServeTerm = async (term, ended) => {
    try {
      await members.catchUp(ended);
      const figuresOf = (figures: () => StatusFigures) => {
        serving = figures;
        return Promise.resolve();
      };
      const begin = (answer: AnswerOperator) => {
        active = answer;
      };
      const own = { ...context, signal: ended, ready: figuresOf };
      await serve({
        ...termOf(own, term, begin, sourceOf(members, stored)),
        engine: () => keeper.figures,
      });
    } finally {
      serving = undefined;
      active = undefined;
    }
  };
  await runTogether(signal, [
    (group) => members.run(group),
    (group) => tellState(teller, group),
    (group) => keeper.run(group, serveTerm),
  ]);
}

function sourceOf(
  followed: MemberFollower,
  stored: SharedMembers,
): MemberSource {
  const { list } = followed;
  return { stored, list, changes: (signal) => followed.changes(list, signal) };
}

function termOf(
  context: RoleContext<"publisher">,
  { store, isSure, showTime }: ActiveTerm,
  begin: (answer: AnswerOperator) => void,
  members: MemberSource,
): Omit<PublisherTerm, "engine"> {
  const { clock } = context;
  let publisher: Publisher | undefined;
  return {
    // No reload signal in a term: files are checked at intervals anyway.
    context: { ...context, onReload: () => {} },
    store,
    members,
    isSure,
    begin: (begun, answer) => {
      publisher = begun;
      begin(answer);
      showTime(() => begun.view.time.nowMs);
    },
    runTogether: async (signal, tasks) => {
      const never = new AbortController().signal;
      await runTogether(never, [...tasks, async (group) => {
        await aborted(signal, group);
        publisher?.dismiss();
        await clock.delay(DISMISSAL_MS, group);
      }]);
    },
  };
}

/** Resolves when the first signal aborts. */
async function aborted(
  signal: AbortSignal,
  ended: AbortSignal,
): Promise<void> {
  const changed = new Condition();
  const notify = () => changed.notify();
  signal.addEventListener("abort", notify, { once: true });
  try {
    while (!signal.aborted) await changed.wait(ended);
  } finally {
    signal.removeEventListener("abort", notify);
  }
}

/** For `check`: throws an error if the engine is unusable. */
export async function checkEngine(
  engine: EngineConfig,
  stateDir: string,
): Promise<void> {
  using _client = await openEngine(engine, stateDir);
}

/** The answer of a standby, which knows the bans but not the nodes. */
async function* standbyAnswer(
  active: string,
): AsyncGenerator<OperatorAnswer> {
  await Promise.resolve();
  yield {
    kind: "failed",
    message: `this publisher is a standby; active is ${active}`,
    hint: "say the same on the host of the active one",
  };
}
