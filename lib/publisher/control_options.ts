/**
 * What the publisher's side of the control socket is made of.
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

/** A message of one of these kinds that came in a session. */
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
  /** Finds out which member a node is. */
  readonly authenticator: Pick<Authenticator, "authenticate">;
  /** Rates of the nodes, and who is set aside. */
  readonly quotas: NodeQuotas;
  /** Told of every sign of life. */
  readonly states: NodeStates;
  /** Owns what is answered later; the server runs it and fails with it. */
  readonly tasks: TaskSet;
  /** Which addresses are never banned; asked for each ban. */
  readonly protection: CurrentPolicy;
  readonly limits: SessionLimits;
  /** Given receipts as they arrive, before they are stored. Must not throw. */
  readonly onReceipts: (receipts: readonly StoredReceipt[]) => void;
  /** Given receipts that count, once they are kept. Must not throw. */
  readonly onReceiptsKept: (kept: readonly StoredReceipt[]) => void;
  /** Told of reports that are refused for good. Must not throw. */
  readonly onRefused: (refused: RefusedReport) => void;
  /** Told when a copy was given all changes that there are. Must not throw. */
  readonly onCaughtUp: () => void;
  /** Given what programs answer to UNBAN, PROBE, DRILL and MOVE. Must not throw. */
  readonly onAnswer: (
    session: NodeSession,
    answer: InSession<"UNBANNED" | "PROBED" | "DRILLED" | "MOVED">,
  ) => void;
  /** Whether whoever says HELLO is answered now; else it is as soon as it may. @default {always} */
  readonly mayGreet?: (() => boolean) | undefined;
  /** What whoever connects is told after WELCOME. */
  readonly greeting: () => PublisherMessage | undefined;
  /** The cluster's allowlist that is in force now. */
  readonly allowlist: () => Allowlist;
  /** What nodes are told of the publisher. */
  readonly facts: () => PublisherFacts;
  /** Makes a session's id that nobody can guess. */
  readonly newSessionId: () => SessionId;
}
