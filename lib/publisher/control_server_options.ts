/**
 * What the publisher's side of the control socket is made of.
 *
 * @module
 */

import type { Authenticator } from "./authenticator.ts";
import type { BanHub } from "../ban/ban_hub.ts";
import type { SessionId } from "../base/ids.ts";
import type { SessionLimits } from "../wire/v2_messages.ts";
import type { BanStore } from "../ban/ban_store.ts";
import type { Allowlist } from "../protection/allowlist.ts";
import type { NodeQuotas } from "./node_quotas.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import type { MessageSocket } from "../zmq/ports.ts";
import type { CurrentPolicy } from "../protection/protection_policy.ts";
import type { SyncServer } from "./sync_server.ts";

/** What a server is made of. */
export interface ControlServerOptions {
  /** A ROUTER that nodes connect to. */
  readonly socket: MessageSocket;
  readonly hub: BanHub;
  readonly desk: SyncServer;
  readonly store: Pick<BanStore, "epoch" | "keepReceipts">;
  readonly clock: Clock;
  readonly log: Log;
  /** Says which member a node is. */
  readonly authenticator: Pick<Authenticator, "authenticate">;
  /** How nodes stand. */
  readonly quotas: NodeQuotas;
  /** Which addresses are never banned; asked for each ban. */
  readonly protection: CurrentPolicy;
  readonly limits: SessionLimits;
  /** Gives the cluster's allowlist that counts now. */
  readonly allowlist: () => Allowlist;
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
