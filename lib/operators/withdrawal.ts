/**
 * Withdraws a node's reports.
 *
 * @module
 */

import type { BanKey } from "../ban/ban.ts";
import type { BanHub } from "../ban/ban_hub.ts";
import { hasChanged } from "../ban/decision_batch.ts";
import { canonicalHost, type HostName, sameHost } from "../base/host_name.ts";
import type { RecordDeed } from "../members/node_records.ts";
import type { OperatorRequest } from "../wire/operator_messages.ts";

/** Number of reports withdrawn in one step; others are served between steps. */
const AT_ONCE = 500;

/** Options for {@link withdrawReports}. */
export interface WithdrawalOptions {
  readonly hub: Pick<BanHub, "submit" | "table">;
  /** How far the system's clock is ahead of the table's, in milliseconds. */
  readonly aheadMs: () => number;
  readonly record: RecordDeed;
}

interface ReportKey extends BanKey {
  readonly origin: HostName;
}

/**
 * Withdraws a node's reports. Reports that arrive meanwhile stay: the caller
 * must revoke the node first.
 *
 * @returns How many bans changed.
 * @throws {BusyError} when the hub's queue is full.
 */
export async function withdrawReports(
  { hub, aheadMs, record }: WithdrawalOptions,
  { by, node, sinceMs }: OperatorRequest & { kind: "withdraw" },
): Promise<number> {
  // Operators use the system's clock, reports the table's.
  const fromMs = sinceMs === null ? -Infinity : sinceMs - aheadMs();
  const reports = [...reportsOf(hub, node, fromMs)];
  const since = sinceMs === null
    ? ""
    : ` since ${new Date(sinceMs).toISOString()}`;
  let count = 0;
  try {
    for (let at = 0; at < reports.length; at += AT_ONCE) {
      const verdicts = await hub.submit(
        reports.slice(at, at + AT_ONCE).map((report) => ({
          event: { kind: "withdraw", ...report },
          isByHand: true,
        })),
      );
      count += verdicts.filter(hasChanged).length;
    }
  } finally {
    // Records the reports withdrawn before a failure, too.
    const subject = canonicalHost(node);
    await record(by, "node withdraw", subject, `${count} reports${since}`);
  }
  return count;
}

function* reportsOf(
  { table }: Pick<BanHub, "table">,
  node: HostName,
  sinceMs: number,
): Generator<ReportKey> {
  for (const { jail, address, reports } of table.bans()) {
    for (const { origin, lastMs } of reports) {
      if (lastMs >= sinceMs && sameHost(origin, node)) {
        yield { jail, address, origin };
      }
    }
  }
}
