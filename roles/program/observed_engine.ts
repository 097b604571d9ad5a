/**
 * Observes the engine that several publishers share, from this host.
 *
 * @module
 */

import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { PublisherConfig } from "../../lib/config/config.ts";
import type { EngineConfig } from "../../lib/config/engine_config.ts";
import {
  type AnsweringMember,
  type EngineFacts,
  type EngineMember,
  isAnswering,
} from "../../lib/diagnosis/engine_check.ts";
import {
  keptBeatsMs,
  memberCondition,
} from "../../lib/engine/etcd_condition.ts";
import { EtcdValues } from "../../lib/engine/etcd_values.ts";
import { toldStates } from "../../lib/engine/publisher_states.ts";
import { decidingSettings } from "./deciding_settings.ts";
import { givenEngine, openEngine } from "./engine_client.ts";

/** Timeout of the observation. */
const LOOK_MS = 5_000;
const clock = new SystemClock();

/**
 * Observes the engine without changing anything.
 *
 * @param config The publisher's configuration.
 * @param engine The engine's configuration.
 */
export async function observeEngine(
  config: PublisherConfig,
  engine: EngineConfig,
): Promise<EngineFacts> {
  const { stateDir } = config.general;
  const signal = AbortSignal.timeout(LOOK_MS);
  try {
    const { login } = await givenEngine(engine, stateDir);
    const seen = await Promise.all(
      engine.urls.map((url) => look(engine, stateDir, url, signal)),
    );
    const led = seen.filter(isAnswering).filter(({ hasLeader }) => hasLeader);
    const shared = led.length === 0
      ? NOTHING_SHARED
      : await lookAtShared(config, engine, led, signal);
    return {
      trouble: undefined,
      members: seen,
      hasLogin: login !== null,
      ...shared,
    };
  } catch (error) {
    if (error !== signal.reason && !(error instanceof RuntimeError)) {
      throw error;
    }
    const trouble = error instanceof RuntimeError
      ? { reason: error.message, hint: error.hint }
      : { reason: `no answer in ${LOOK_MS / 1_000} s`, hint: undefined };
    return { trouble, members: [], hasLogin: true, ...NOTHING_SHARED };
  }
}

const NOTHING_SHARED = { keptBeatsMs: undefined, otherSettings: [] };

async function look(
  engine: EngineConfig,
  stateDir: string,
  url: string,
  signal: AbortSignal,
): Promise<EngineMember> {
  using client = await openEngine({ ...engine, urls: [url] }, stateDir, clock);
  try {
    const condition = await memberCondition(client, signal);
    return { url, trouble: undefined, ...condition };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const trouble = error.message.replace(`etcd does not answer: ${url}: `, "");
    return { url, trouble };
  }
}

/** Reads the facts that are the same for all members, from those with a leader. */
async function lookAtShared(
  config: PublisherConfig,
  engine: EngineConfig,
  members: readonly AnsweringMember[],
  signal: AbortSignal,
): Promise<Pick<EngineFacts, "keptBeatsMs" | "otherSettings">> {
  const { stateDir, hostName } = config.general;
  const urls = members.map(({ url }) => url);
  using client = await openEngine({ ...engine, urls }, stateDir, clock);
  const compacted = members.map(({ compactedRevision }) => compactedRevision)
    .find((revision) => revision !== undefined);
  const own = await decidingSettings(config);
  const told = await toldStates(
    new EtcdValues(client, engine.prefix),
    signal,
  );
  return {
    keptBeatsMs: compacted === undefined
      ? undefined
      : await keptBeatsMs(client, engine.prefix, compacted, signal),
    otherSettings: [...told].flatMap(([name, { settings }]) =>
      settings === own || name === hostName ? [] : [name]
    ),
  };
}
