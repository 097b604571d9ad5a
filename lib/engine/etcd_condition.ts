/**
 * The condition of etcd, as far as a shared log depends on it.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import { type EtcdGateway, isObject } from "./etcd_gateway.ts";
import { beatOf, foundIn } from "./etcd_log.ts";

/**
 * Error that etcd reports, along with a leader's name, when it has no leader.
 */
const NO_LEADER = "etcdserver: no leader";

/** One member of etcd. */
export interface MemberCondition {
  /** As in `3.4.23`. */
  readonly version: string;
  /** Whether it knows a leader; without one it accepts no writes. */
  readonly hasLeader: boolean;
  /**
   * Size of its data in bytes, including deleted data that is not freed yet.
   */
  readonly dataBytes: number;
  /** Its complaints, such as `alarm:NOSPACE`. */
  readonly complaints: readonly string[];
  /** Limit of its data in bytes; `undefined`: unknown. */
  readonly quotaBytes: number | undefined;
  /** The last compacted revision, 0: none; `undefined`: unknown. */
  readonly compactedRevision: number | undefined;
}

/**
 * Reads the condition of a member.
 *
 * @param client A gateway to that member alone.
 * @throws {NoLogError} when it does not answer, or refuses.
 */
export async function memberCondition(
  client: EtcdGateway,
  signal: AbortSignal,
): Promise<MemberCondition> {
  const { version, leader, dbSize, errors } = await client.ask(
    "/v3/maintenance/status",
    {},
    signal,
  );
  const figures = figuresIn(await client.read("/metrics", signal));
  const compacted = figures.get("etcd_debugging_mvcc_compact_revision");
  return {
    version: String(version),
    hasLeader: leader !== undefined && leader !== "0",
    dataBytes: Number(dbSize ?? 0),
    complaints: (Array.isArray(errors) ? errors.map(String) : [])
      .filter((complaint) => complaint !== NO_LEADER),
    quotaBytes: figures.get("etcd_server_quota_backend_bytes"),
    compactedRevision: compacted && Math.max(0, compacted),
  };
}

/**
 * The values without labels in a member's Prometheus metrics; none if it has no
 * metrics.
 */
function figuresIn(metrics: string | undefined): ReadonlyMap<string, number> {
  const found = (metrics ?? "").matchAll(/^(etcd_\w+) ([\d.e+-]+)$/gm);
  return new Map(
    [...found].map(([, name = "", value]) => [name, Number(value)]),
  );
}

/**
 * How long etcd keeps each beat of the active publisher, in milliseconds; if
 * etcd has never compacted, the age of the shared log's beats.
 *
 * @param client A gateway to etcd.
 * @param prefix Prefix of all keys, with a trailing slash.
 * @param compactedRevision The last compacted revision.
 * @returns `undefined`: there is no beat, or etcd has just compacted.
 * @throws {NoLogError} when etcd does not answer, or refuses.
 */
export async function keptBeatsMs(
  client: EtcdGateway,
  prefix: string,
  compactedRevision: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const key = new TextEncoder().encode(`${prefix}beat`).toBase64();
  const { kvs } = await client.ask("/v3/kv/range", { key }, signal);
  const [last] = foundIn({ kvs });
  const [first] = Array.isArray(kvs) ? kvs : [];
  if (last === undefined || !isObject(first)) return undefined;
  const made = Number(first["create_revision"]);
  const revision = String(Math.max(made, compactedRevision));
  try {
    const range = await client.ask("/v3/kv/range", { key, revision }, signal);
    const [oldest] = foundIn(range);
    return oldest && beatOf(last).storeMs - beatOf(oldest).storeMs;
  } catch (error) {
    const isGone = error instanceof RuntimeError &&
      /has been compacted/.test(error.message);
    if (!isGone) throw error;
    return undefined;
  }
}
