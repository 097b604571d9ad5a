/**
 * What the publisher's side of the control socket is made of.
 *
 * @module
 */

import type { Doorkeeper } from "./admission.ts";
import type { BanHub } from "./ban_hub.ts";
import type { SessionId, SessionLimits } from "./cluster_messages.ts";
import type { BanStore } from "./cluster_ports.ts";
import type { FleetList } from "./fleet_list.ts";
import type { NodeStandings } from "./node_standing.ts";
import type { Clock, Log, MessageSocket } from "./ports.ts";
import type { CurrentPolicy } from "./protection.ts";
import type { SyncDesk } from "./sync_desk.ts";

/** What a server is made of. */
export interface ControlServerOptions {
  /** A ROUTER that nodes connect to. */
  readonly socket: MessageSocket;
  readonly hub: BanHub;
  readonly desk: SyncDesk;
  readonly store: Pick<BanStore, "epoch" | "keepReceipts">;
  readonly clock: Clock;
  readonly log: Log;
  /** Says which member a node is. */
  readonly doorkeeper: Pick<Doorkeeper, "judge">;
  /** How nodes stand. */
  readonly standings: NodeStandings;
  /** Which addresses are never banned; asked for each ban. */
  readonly protection: CurrentPolicy;
  readonly limits: SessionLimits;
  /** Gives the cluster's allowlist that counts now. */
  readonly allowlist: () => FleetList;
  /** Makes a session's id that nobody can guess. */
  readonly newSessionId: () => SessionId;
}

/** What a server has done so far. */
export interface ControlServerCounters {
  /** Messages that came in. */
  received: number;
  /** Messages that were answered with an ERROR. */
  errors: number;
  /** Messages without a return address. */
  unanswerable: number;
}
