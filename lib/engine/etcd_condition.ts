/**
 * How etcd is: what of it has to be so for a shared log.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import { type EtcdGateway, isObject } from "./etcd_gateway.ts";
import { beatOf, foundIn } from "./etcd_log.ts";

/** As etcd says beside the leader that it names that it has none. */
const NO_LEADER = "etcdserver: no leader";

/** One member of etcd. */
export interface MemberCondition {
  /** As in `3.4.23`. */
  readonly version: string;
  /** Whether it knows a leader: alone it takes nothing. */
  readonly hasLeader: boolean;
  /** Size of its data, in bytes, with what was deleted and is not free yet. */
  readonly dataBytes: number;
  /** What it complains of, such as `alarm:NOSPACE`. */
  readonly complaints: readonly string[];
  /** Bytes of data that it takes; `undefined`: it does not tell. */
  readonly quotaBytes: number | undefined;
  /** The last revision that was compacted, 0: none was yet; `undefined`: it does not tell. */
  readonly compactedRevision: number | undefined;
}

/**
 * Asks a member how it is.
 *
 * @param client The way to that member alone.
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

/** The values without labels in what a member shows to Prometheus; none where it shows nothing. */
function figuresIn(metrics: string | undefined): ReadonlyMap<string, number> {
  const found = (metrics ?? "").matchAll(/^(etcd_\w+) ([\d.e+-]+)$/gm);
  return new Map(
    [...found].map(([, name = "", value]) => [name, Number(value)]),
  );
}

/**
 * For how long etcd keeps each beat of the active publisher, in milliseconds:
 * where it compacts nothing it is as long as there was a shared log.
 *
 * @param client The way to etcd.
 * @param prefix Of all keys, with a slash at its end.
 * @param compactedRevision The last one that was compacted.
 * @returns `undefined`: there is no beat, or etcd has compacted just now.
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
