/**
 * What a node's side of the control socket is made of.
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
  /** What the connection is for. */
  readonly role: NodeRole;
  /** The secret; asked for in each session. */
  readonly token: () => string;
  /** This program's version. */
  readonly version: string;
  /** Where it runs. */
  readonly place: PlaceId;
  /** How it is now: told in each session. */
  readonly condition: () => NodeCondition;
  /** How often. @default {PRESENCE_PACE} */
  readonly pace?: PresencePace;
  /** Notes where the publisher says that it will be. @default {it can't} */
  readonly move?: MoveHere | undefined;
  /** Called after each WELCOME. @default {nothing is done} */
  readonly onWelcome?: () => void;
  /** Called with the cluster's allowlist after each WELCOME, and when it changes. @default {it is ignored} */
  readonly onIgnore?: (list: Allowlist) => void;
  /**
   * Finds out why nobody answers, while the client pauses. Never rejects.
   * @default {it is not known}
   */
  readonly explain?: (stage: SilenceStage) => Promise<Explanation | undefined>;
  /** Timeout for a WELCOME, after which the connection is given up. @default {2000} */
  readonly replyTimeoutMs?: number;
  /** Pause before the first new connection; doubled each time. @default {100} */
  readonly firstPauseMs?: number;
  /** Longest pause before a new connection. @default {5000} */
  readonly maxPauseMs?: number;
  /** Pause after a refusal that only an operator can fix: a token, a protocol. @default {30000} */
  readonly refusedPauseMs?: number;
}

/** What has been done so far. */
export interface ControlClientCounters {
  /** Sessions that began: the publisher said WELCOME. */
  sessions: number;
  /** Connections given up. */
  lost: number;
}
