/**
 * Serves the nodes of protocol 1: monitors that report, and subscribers that
 * listen.
 *
 * @module
 */

import type { BanHub, KeptChange } from "../ban/ban_hub.ts";
import { SendQueue } from "../zmq/send_queue.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import type { MessageSocket } from "../zmq/ports.ts";
import type { CurrentPolicy } from "../protection/protection_policy.ts";
import { protocol1Events } from "./protocol1_events.ts";
import { Protocol1RequestServer } from "./protocol1_requests.ts";
import {
  prefixedFigures,
  type StatusFigures,
} from "../service/status_report.ts";
import type { RefusedReport } from "../operators/refused_report.ts";
import type { TokenList } from "./protocol1_tokens.ts";
import { encodeBroadcast } from "../wire/v1.ts";

/** How protocol 1 is served. */
export interface Protocol1Service {
  /** A ROUTER that serves REQ clients. */
  readonly replies: MessageSocket;
  /** A PUB that subscribers listen to. */
  readonly broadcasts: MessageSocket;
  /**
   * Whether anybody may be listening; otherwise no broadcast is made.
   * @default {always}
   */
  readonly hasListeners?: () => boolean;
  /**
   * Gives the currently valid tokens; an empty list means that no token is
   * expected.
   */
  readonly tokens: () => TokenList;
  /**
   * Whether every report is refused and only broadcasts are served.
   * @default {false}
   */
  readonly isReadonly?: boolean;
}

/** Options for {@link Protocol1Server}. */
export interface Protocol1ServerOptions extends Protocol1Service {
  /** Stores reports. */
  readonly hub: Pick<BanHub, "submit">;
  /** Time. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** The current protection rules; read for each ban. */
  readonly protection: CurrentPolicy;
  /**
   * Duration of a report, in milliseconds; `Infinity`: until it is withdrawn.
   */
  readonly banTimeMs: number;
  /** Called with refused reports. Must not throw. */
  readonly onRefused: (refused: RefusedReport) => void;
}

/** Serves nodes with {@link Protocol1Server.tasks}. */
export class Protocol1Server {
  readonly #isReadonly: boolean;
  readonly #hasListeners: () => boolean;
  readonly #requests: Protocol1RequestServer;
  readonly #answers: SendQueue;
  readonly #broadcasts: SendQueue;

  /** Creates a server; its tasks must be run. */
  constructor(options: Protocol1ServerOptions) {
    const { replies, isReadonly = false, hasListeners } = options;
    const answers = new SendQueue(replies);
    const broadcasts = new SendQueue(options.broadcasts);
    this.#isReadonly = isReadonly;
    this.#hasListeners = hasListeners ?? (() => true);
    this.#answers = answers;
    this.#broadcasts = broadcasts;
    this.#requests = new Protocol1RequestServer({
      ...options,
      socket: replies,
      keeping: { ...options, answers, broadcasts },
    });
  }

  /** Totals for `status`. */
  get figures(): StatusFigures {
    return {
      legacy: this.#isReadonly ? "readonly" : "on",
      ...prefixedFigures("protocol1", this.#requests.counters),
    };
  }

  /** Number of dropped messages. */
  get dropped(): number {
    return this.#answers.dropped + this.#broadcasts.dropped;
  }

  /** The tasks to run, each until aborted. */
  get tasks(): readonly ((signal: AbortSignal) => Promise<void>)[] {
    return [
      (signal) => this.#answers.run(signal),
      (signal) => this.#broadcasts.run(signal),
      (signal) => this.#requests.run(signal),
    ];
  }

  /** Broadcasts stored changes. */
  publish(kept: readonly KeptChange[]): void {
    if (!this.#hasListeners()) return;
    for (const event of kept.flatMap(protocol1Events)) {
      this.#broadcasts.put([encodeBroadcast(event)]);
    }
  }
}
