/**
 * A publisher that is one of several: a standby, and for a term the active one.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { PublisherConfig } from "../../lib/config/config.ts";
import type { EngineConfig } from "../../lib/config/role_config.ts";
import type { Clock } from "../../lib/async/clock.ts";
import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { Condition, runTogether } from "../../lib/async/tasks.ts";
import type { BanStore } from "../../lib/ban/ban_store.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { newSessionId } from "../../lib/base/io/session_id.ts";
import { EtcdClient, type EtcdUser } from "../../lib/engine/io/etcd_client.ts";
import { EtcdLog } from "../../lib/engine/etcd_log.ts";
import { EtcdSnapshots } from "../../lib/engine/etcd_snapshots.ts";
import {
  type ActiveTerm,
  type LeadFigures,
  LeadKeeper,
} from "../../lib/engine/lead_keeper.ts";
import { standbyHealth } from "../../lib/engine/standby_health.ts";
import { SecretFile } from "../../lib/members/io/secret_file.ts";
import type { Publisher } from "../../lib/publisher/publisher.ts";
import type { StatusFigures } from "../../lib/service/status_report.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../../lib/store/io/sqlite_ban_store.ts";
import type { OperatorAnswer } from "../../lib/wire/operator_messages.ts";
import type { RoleContext } from "./invocation.ts";
import type { AnswerOperator } from "../../lib/cli/command_socket.ts";
import { answerOperators } from "./operator_socket.ts";
import { fetchIfNeeded, imagesOf } from "./shared_image.ts";

/** A term of a publisher. */
export interface PublisherTerm {
  /** As the role has it, but for the term only. */
  readonly context: RoleContext<"publisher">;
  readonly store: BanStore;
  /** See `Publisher`. */
  readonly isSure: () => boolean;
  /** How it stands to the others. */
  readonly engine: () => LeadFigures;
  /** Told what serves. */
  readonly begin: (publisher: Publisher, answer: AnswerOperator) => void;
  /** Runs its tasks, and has the nodes look for another publisher in the end. */
  readonly runTogether: typeof runTogether;
}

/** What a node is told last needs so long to leave. */
const DISMISSAL_MS = 100;

/**
 * Follows the others, and serves whenever this publisher is the active one.
 *
 * @param context The role's.
 * @param engine Where the table is shared.
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
  using client = await openEngine(engine, clock, hide);
  const path = banStorePath(stateDir);
  const shared = new EtcdLog(client, engine.prefix);
  const snapshots = new EtcdSnapshots(client, engine.prefix);
  await fetchIfNeeded(
    { ...{ log: shared, snapshots, path, clock }, records: log },
    signal,
  );
  // The log survives a loss of power, and with it all that this may lack then.
  using copy = SqliteBanStore.open({
    path,
    durability: "process",
    isCopy: true,
  });
  const keeper = new LeadKeeper({
    log: shared,
    snapshots: { shared: snapshots, takeImage: imagesOf(path) },
    ...{ copy, clock, records: log, keepHistoryMs },
    name: hostName,
    settings: settingsDigest(config),
    newId: newSessionId,
    chance: Math.random,
  });
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
  await keeper.run(signal, async (term, ended) => {
    try {
      const figuresOf = (figures: () => StatusFigures) => {
        serving = figures;
        return Promise.resolve();
      };
      const begin = (answer: AnswerOperator) => {
        active = answer;
      };
      const own = { ...context, signal: ended, ready: figuresOf };
      await serve({
        ...termOf(own, term, begin),
        engine: () => keeper.figures,
      });
    } finally {
      serving = undefined;
      active = undefined;
    }
  });
}

/** Of what decides about bans: a takeover must not change it. */
function settingsDigest(config: PublisherConfig): string {
  const { banTimeMs, quorum, growth, widening, limits, legacy } = config;
  const { minPrefix4Bits, minPrefix6Bits, allowPrivate } = config.general;
  const all = [
    ...[banTimeMs, quorum, growth, widening, limits, legacy],
    ...[minPrefix4Bits, minPrefix6Bits, allowPrivate],
  ];
  // JSON has no infinite number, which a permanent ban's time is.
  const text = JSON.stringify(
    all,
    (_, value) => value === Infinity ? "forever" : value,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function termOf(
  context: RoleContext<"publisher">,
  { store, isSure, showTime }: ActiveTerm,
  begin: (answer: AnswerOperator) => void,
): Omit<PublisherTerm, "engine"> {
  const { clock } = context;
  let publisher: Publisher | undefined;
  return {
    // Files are looked at every now and then anyhow.
    context: { ...context, onReload: () => {} },
    store,
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

/** Resolves on abort of the first. */
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

/** For `check`: throws what is not good. */
export async function checkEngine(engine: EngineConfig): Promise<void> {
  using _client = await openEngine(engine, new SystemClock(), () => {});
}

async function openEngine(
  engine: EngineConfig,
  clock: Clock,
  hide: (secrets: readonly string[]) => void,
): Promise<EtcdClient> {
  const user = await readLogin(engine.loginPath);
  if (user !== undefined) hide([user.password]);
  const authority = await readAuthority(engine.authorityPath);
  return new EtcdClient({ urls: engine.urls, authority, user, clock });
}

/** A standby knows the bans, and nothing of the nodes. */
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

async function readLogin(
  path: string | undefined,
): Promise<EtcdUser | undefined> {
  if (path === undefined) return undefined;
  const file = new SecretFile<string>(path, {
    what: "the login of etcd",
    encode: (text) => text,
    decode: (text) => text,
  });
  const text = await file.read();
  const [, name, password] = /^([^:\s]+):(\S+)\s*$/.exec(text ?? "") ?? [];
  if (name === undefined || password === undefined) {
    throw new RuntimeError(`${path} has no login of etcd`, {
      hint: "publisher.enginelogin names a file with USER:PASSWORD on one line",
    });
  }
  return { name, password };
}

async function readAuthority(
  path: string | undefined,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new RuntimeError(`${path} can't be read: ${error.message}`, {
      hint: "publisher.engineca names it",
    });
  }
}
