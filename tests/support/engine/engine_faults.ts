/**
 * Faults of several publishers of one table: each happens, and is repaired when
 * its promise resolves.
 *
 * @module
 */

import { ok, strictEqual } from "node:assert/strict";
import type { StatusFigures } from "../../../lib/service/status_report.ts";
import { pass } from "../host/side_by_side.ts";
import { waitUntil } from "../host/wait_until.ts";
import type { SeededRandom } from "../values/seeded_random.ts";
import {
  ENGINE_PORTS,
  type Hub,
  HUBS,
  LATE_HUB,
  NODE_PORTS,
  type SharedHosts,
} from "./shared_hosts.ts";

/** The hosts and the randomness of a fault. */
export interface EngineCircumstances {
  readonly shared: SharedHosts;
  readonly random: SeededRandom;
}

/**
 * Resolves to the time from which bans must be in force again, by
 * `performance.now()`; without one, from when they are written.
 */
type EngineFault = (
  circumstances: EngineCircumstances,
) => Promise<number | void>;

/** Duration of a freeze, in milliseconds: longer than a takeover. */
const FROZEN_MS = 7_000;
/** Duration of an isolation or death, in milliseconds. */
const AWAY_MS = 10_000;

/** Longer than an election of etcd's leader on a quiet machine. */
const ELECTION_MS = 4_000;

/** The faults by name. */
export const ENGINE_FAULTS = {
  "the active publisher is killed": async ({ shared }) => {
    const active = await shared.active();
    await shared.hub(active).end("SIGKILL");
    await shared.active(active);
    await shared.startHub(active);
  },
  "the active publisher's host is killed": async ({ shared }) => {
    const active = await shared.active();
    await shared.killHost(active);
    await shared.active(active);
    await shared.startHost(active);
  },
  "the host of etcd's leader is killed": async ({ shared }) => {
    const leader = await leaderHost(shared);
    await shared.killHost(leader);
    await shared.active(leader);
    await shared.startHost(leader);
  },
  "etcd's leader is killed": async ({ shared }) => {
    const active = await shared.active();
    const { term } = await shared.figures(active) ?? {};
    const leader = await shared.etcd.leader();
    await shared.etcd.kill(leader);
    await Promise.all([shared.etcd.leader(), pass(ELECTION_MS)]);
    shared.etcd.startAgain(leader);
    await stillActive(shared, active, term);
  },
  "a standby is killed": async (about) => {
    const { shared } = about;
    const standby = await anyStandby(about);
    await shared.hub(standby).end("SIGKILL");
    await shared.startHub(standby);
  },
  "the active publisher is frozen": async ({ shared }) => {
    const active = await shared.active();
    shared.hub(active).signal("SIGSTOP");
    await Promise.all([shared.active(active), pass(FROZEN_MS)]);
    await thaw(shared, active, () => shared.hub(active).signal("SIGCONT"));
  },
  "the active publisher's host is frozen": async ({ shared }) => {
    const active = await shared.active();
    shared.signalHost(active, "SIGSTOP");
    await Promise.all([shared.active(active), pass(FROZEN_MS)]);
    await thaw(shared, active, () => shared.signalHost(active, "SIGCONT"));
  },
  "the active publisher is cut from the engine": async ({ shared }) => {
    const active = await shared.active();
    await shared.networks.cut(active, ENGINE_PORTS);
    await Promise.all([shared.active(active), pass(AWAY_MS)]);
    await shared.networks.mend(active);
  },
  "the active publisher is cut from the nodes": async ({ shared }) => {
    const active = await shared.active();
    const { term } = await shared.figures(active) ?? {};
    await shared.networks.cut(active, NODE_PORTS);
    await pass(AWAY_MS);
    await shared.networks.mend(active);
    const overMs = performance.now();
    await stillActive(shared, active, term);
    return overMs;
  },
  "two of three etcd are dead": async ({ shared, random }) => {
    const first = Math.floor(random.below(HUBS.length));
    const dead = [first, (first + 1) % HUBS.length];
    for (const at of dead) await shared.etcd.kill(at);
    await shared.noneActive();
    const before = await lastSeq(shared);
    await pass(AWAY_MS);
    // Nothing may be acknowledged meanwhile.
    strictEqual(await lastSeq(shared), before);
    for (const at of dead) shared.etcd.startAgain(at);
    const overMs = performance.now();
    await shared.active();
    return overMs;
  },
  "the active publisher is stopped": async ({ shared }) => {
    const active = await shared.active();
    const { code } = await shared.hub(active).end("SIGTERM");
    strictEqual(code, 0);
    await shared.active(active);
    await shared.startHub(active);
  },
  "a host joins with nothing": async ({ shared }) => {
    if (shared.hubs.includes(LATE_HUB)) {
      await shared.hub(LATE_HUB).end("SIGTERM");
    }
    await shared.loseStore(LATE_HUB);
    await shared.startHub(LATE_HUB);
    await caughtUp(shared, LATE_HUB);
  },
  "a standby's disk is lost": async (about) => {
    const { shared } = about;
    const standby = await anyStandby(about);
    await shared.hub(standby).end("SIGKILL");
    await shared.loseStore(standby);
    await shared.startHub(standby);
    await caughtUp(shared, standby);
  },
} satisfies Readonly<Record<string, EngineFault>>;

/** The name of a fault. */
export type EngineFaultName = keyof typeof ENGINE_FAULTS;

/**
 * Asserts that the active publisher stays active: the engine hears it all the
 * time.
 */
async function stillActive(
  shared: SharedHosts,
  active: Hub,
  term: StatusFigures[string] | undefined,
): Promise<void> {
  strictEqual(await shared.active(), active);
  strictEqual((await shared.figures(active))?.["term"], term);
}

async function leaderHost(shared: SharedHosts): Promise<Hub> {
  const hub = HUBS[await shared.etcd.leader()];
  ok(hub);
  return hub;
}

async function anyStandby(
  { shared, random }: EngineCircumstances,
): Promise<Hub> {
  const active = await shared.active();
  const others = shared.hubs.filter((hub) => hub !== active);
  const standby = others[Math.floor(random.below(others.length))];
  ok(standby);
  return standby;
}

/**
 * Resumes a frozen publisher, and asserts that it notices the takeover and logs
 * it once.
 */
async function thaw(
  shared: SharedHosts,
  hub: Hub,
  goOn: () => void,
): Promise<void> {
  const said = () => shared.hub(hub).found(/this publisher (steps down)/);
  const before = said().length;
  goOn();
  await waitUntil(() => said().length > before, {
    what: `${hub} to step down`,
    timeoutMs: 15_000,
  });
  strictEqual(said().length, before + 1);
}

async function caughtUp(shared: SharedHosts, hub: Hub): Promise<void> {
  const active = await shared.active(hub);
  const { seq = 0 } = await shared.figures(active) ?? {};
  await shared.allFigures(
    (figures) => Number(figures["seq"]) >= Number(seq),
    `number ${seq}`,
  );
}

/** The highest sequence number of any publisher. */
async function lastSeq(shared: SharedHosts): Promise<number> {
  const figures = await Promise.all(
    shared.hubs.map((hub) => shared.cluster.figures("publisher", hub)),
  );
  return Math.max(...figures.map(({ seq }) => Number(seq)));
}
