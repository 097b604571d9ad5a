/**
 * Options and counters of a node's side of the control socket.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { HostName } from "../base/host_name.ts";
import type { NodeRole, PlaceId } from "../base/ids.ts";
import type { Log } from "../log/log.ts";
import type { Allowlist } from "../protection/allowlist.ts";
import type { PresencePace } from "../wire/presence_pace.ts";
import type { NodeCondition } from "../wire/v2_messages.ts";
import type { Connect } from "../zmq/ports.ts";
import type { MoveHere } from "./move_orders.ts";
import type { OrdersHere } from "./node_orders.ts";
import type { Explanation, SilenceStage } from "./silence.ts";

/** Options for a `ControlClient`. */
export interface ControlClientOptions extends OrdersHere {
  /** Opens a connection (a DEALER) to the publisher's control socket. */
  readonly connect: Connect;
  /** Time. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** This node's name. */
  readonly node: HostName;
  /** The purpose of the connection. */
  readonly role: NodeRole;
  /** Returns the secret; called in each session. */
  readonly token: () => string;
  /** This program's version. */
  readonly version: string;
  /** Where the program runs. */
  readonly place: PlaceId;
  /** Returns the program's current condition, which each session reports. */
  readonly condition: () => NodeCondition;
  /** Intervals of the reports. @default {PRESENCE_PACE} */
  readonly pace?: PresencePace;
  /** Stores an address to which the publisher will move. @default {it can't} */
  readonly move?: MoveHere | undefined;
  /** Called after each WELCOME. @default {nothing is done} */
  readonly onWelcome?: () => void;
  /**
   * Called with the cluster's allowlist after each WELCOME, and after each
   * change. @default {it is ignored}
   */
  readonly onIgnore?: (list: Allowlist) => void;
  /**
   * Finds out why nobody answers, while the client pauses. Never rejects.
   * @default {the cause is unknown}
   */
  readonly explain?: (stage: SilenceStage) => Promise<Explanation | undefined>;
  /**
   * Timeout for a WELCOME, after which the client drops the connection; also
   * the first timeout for connecting. @default {2000}
   */
  readonly replyTimeoutMs?: number;
  /**
   * Pause before the first new connection; it doubles each time. @default {100}
   */
  readonly firstPauseMs?: number;
  /**
   * Longest pause before a new connection. A node that waits when a publisher
   * is back reports so much later. @default {2000}
   */
  readonly maxPauseMs?: number;
  /**
   * Pause after a refusal that only an operator can fix, such as a wrong token.
   * @default {30000}
   */
  readonly refusedPauseMs?: number;
}

/** Counters of a `ControlClient`. */
export interface ControlClientCounters {
  /** Sessions that began with a WELCOME. */
  sessions: number;
  /** Sessions and connection attempts that failed. */
  lost: number;
}
