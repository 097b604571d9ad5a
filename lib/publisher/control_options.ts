/**
 * Options of the publisher's control server.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { TaskSet } from "../async/task_set.ts";
import type { BanHub } from "../ban/ban_hub.ts";
import type { BanStore, StoredReceipt } from "../ban/ban_store.ts";
import type { SessionId } from "../base/ids.ts";
import type { Log } from "../log/log.ts";
import type { RefusedReport } from "../operators/refused_report.ts";
import type { Allowlist } from "../protection/allowlist.ts";
import type { CurrentPolicy } from "../protection/protection_policy.ts";
import type {
  NodeMessage,
  PublisherFacts,
  PublisherMessage,
  SessionLimits,
} from "../wire/v2_messages.ts";
import type { MessageSocket } from "../zmq/ports.ts";
import type { Authenticator } from "./authenticator.ts";
import type { NodeQuotas } from "./node_quotas.ts";
import type { NodeStates } from "../presence/node_states.ts";
import type { NodeSession } from "./sessions.ts";
import type { SyncServer } from "./sync_server.ts";

/** A message of one of these kinds, received in a session. */
export type InSession<K extends NodeMessage["kind"]> = Extract<
  NodeMessage,
  { readonly kind: K }
>;

/** Options for a `ControlServer`. */
export interface ControlServerOptions {
  /** A ROUTER that nodes connect to. */
  readonly socket: MessageSocket;
  readonly hub: BanHub;
  readonly syncServer: SyncServer;
  readonly store: Pick<BanStore, "epoch" | "keepReceipts">;
  readonly clock: Clock;
  readonly log: Log;
  /** Authenticates a HELLO. */
  readonly authenticator: Pick<Authenticator, "authenticate">;
  /** Limits of the nodes, and which are set aside. */
  readonly quotas: NodeQuotas;
  /** Receives every sign of life. */
  readonly states: NodeStates;
  /** Owns the delayed answers; the server runs it and fails with it. */
  readonly tasks: TaskSet;
  /** The current protection rules; read for each ban. */
  readonly protection: CurrentPolicy;
  readonly limits: SessionLimits;
  /**
   * Called with receipts as they arrive, before they are stored. Must not
   * throw.
   */
  readonly onReceipts: (receipts: readonly StoredReceipt[]) => void;
  /** Called with new receipts once they are stored. Must not throw. */
  readonly onReceiptsKept: (kept: readonly StoredReceipt[]) => void;
  /** Called with finally refused reports. Must not throw. */
  readonly onRefused: (refused: RefusedReport) => void;
  /**
   * Called when a replica received the last change there is. Must not throw.
   */
  readonly onCaughtUp: () => void;
  /** Called with answers to UNBAN, PROBE, DRILL and MOVE. Must not throw. */
  readonly onAnswer: (
    session: NodeSession,
    answer: InSession<"UNBANNED" | "PROBED" | "DRILLED" | "MOVED">,
  ) => void;
  /**
   * Whether a HELLO may be answered now; otherwise its answer waits.
   * @default {always}
   */
  readonly mayGreet?: (() => boolean) | undefined;
  /** A message to send after WELCOME, if any. */
  readonly greeting: () => PublisherMessage | undefined;
  /** The cluster's current allowlist. */
  readonly allowlist: () => Allowlist;
  /** What nodes are told about the publisher. */
  readonly facts: () => PublisherFacts;
  /** Creates an unguessable session id. */
  readonly newSessionId: () => SessionId;
}
