/**
 * The publisher's side of protocol 1: answers monitors over REP.
 *
 * @module
 */

import type { BanEvent } from "../ban/ban_event.ts";
import type { TableEvent } from "../ban/ban_decision.ts";
import { type BanHub, BusyError } from "../ban/ban_hub.ts";
import { RuntimeError } from "../base/errors.ts";
import { isNodeOrigin, isReservedJail } from "../base/operator_name.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import type { SendQueue } from "../zmq/send_queue.ts";
import type { Clock } from "../async/clock.ts";
import type { Frames, MessageSocket } from "../zmq/ports.ts";
import type { Log } from "../log/log.ts";
import {
  type CurrentPolicy,
  type ProtectionPolicy,
  refusal,
} from "../protection/protection_policy.ts";
import type { RefusedReport } from "../operators/refused_report.ts";
import { mayCarry, type TokenList } from "./protocol1_tokens.ts";
import {
  decodeRequest,
  encodeBroadcast,
  NAK,
  type RejectReason,
} from "../wire/v1.ts";

/** Handles valid requests. */
export interface Protocol1Storing {
  /** Stores reports. */
  readonly hub: Pick<BanHub, "submit">;
  /** Sends answers on the server's own socket. */
  readonly answers: SendQueue;
  /** Sends broadcasts. */
  readonly broadcasts: SendQueue;
  /**
   * Duration of a report, which protocol 1 does not state. `Infinity`: until it
   * is withdrawn.
   */
  readonly banTimeMs: number;
}

/**
 * While more answers wait, nothing is received: other monitors' reports queue
 * behind these answers, and one commit has at most this many reports.
 */
const MAX_ANSWERS_WAITING = 128;

/** Options for {@link Protocol1RequestServer}. */
export interface Protocol1RequestServerOptions {
  /** A ROUTER that serves REQ clients. */
  readonly socket: MessageSocket;
  /** `undefined`: only check and log; do not store, answer or broadcast. */
  readonly keeping: Protocol1Storing | undefined;
  /** Time. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /**
   * Gives the currently valid tokens; an empty list means that no token is
   * expected.
   */
  readonly tokens: () => TokenList;
  /**
   * Whether every report is refused and only broadcasts are served.
   * @default {false}
   */
  readonly isReadonly?: boolean | undefined;
  /** The current protection rules; read for each ban. */
  readonly protection: CurrentPolicy;
  /** Called with refused reports. Must not throw. @default {no call} */
  readonly onRefused?: (refused: RefusedReport) => void;
}

/** Counters of a {@link Protocol1RequestServer} since its start. */
export interface Protocol1RequestServerCounters {
  /** Messages received. */
  received: number;
  /** Reports acknowledged. */
  relayed: number;
  /** Messages answered with `NAK`. */
  refused: number;
  /** Messages without an envelope to answer to. */
  unanswerable: number;
  /** Reports that could not be stored, and got no answer. */
  unanswered: number;
}

/** The result of checking a request. */
export type RequestVerdict =
  | {
    readonly kind: "relay";
    readonly event: BanEvent;
    readonly acknowledgement: Uint8Array;
  }
  | {
    readonly kind: "refuse";
    readonly reason:
      | RejectReason
      | "not-your-host"
      | "protected"
      | "full"
      | "readonly";
    readonly detail?: string;
    /** The report, if it was readable. */
    readonly refused?: RefusedReport;
  };

/** Maximum number of proxies on a request's way. */
const MAX_HOPS = 8;

/**
 * Checks a request.
 *
 * @param body The message's frames, without envelope.
 * @param tokens The valid tokens; an empty list means that no token is
 * expected.
 * @param protection The protection rules.
 * @returns How to handle it.
 */
export function judgeRequest(
  body: Frames,
  { entries, tokens }: TokenList,
  protection: ProtectionPolicy,
): RequestVerdict {
  const request = decodeRequest(body, tokens);
  if (!request.ok) return { kind: "refuse", reason: request.reason };
  const { event, acknowledgement, tokenAt } = request.value;
  const token = tokenAt === undefined ? undefined : entries[tokenAt];
  if (!mayCarry(token, event.origin)) {
    const detail = `${token?.name} is not for ${event.origin}`;
    return refuse("not-your-host", event, detail);
  }
  // Only the cluster itself uses its own jail.
  if (isReservedJail(event.jail)) {
    return refuse("jail", event);
  }
  if (!isNodeOrigin(event.origin)) {
    const detail = `${event.origin} is no host's name`;
    return refuse("not-your-host", event, detail);
  }
  const refused = event.kind === "ban"
    ? refusal(event.address, protection)
    : undefined;
  if (refused !== undefined) {
    const detail =
      `${event.address} from ${event.origin}: ${refused.rule} (${refused.because})`;
    return refuse("protected", event, detail, refused.rule);
  }
  return { kind: "relay", event, acknowledgement };
}

function refuse(
  reason: Extract<RequestVerdict, { kind: "refuse" }>["reason"],
  { origin: node, jail, address }: BanEvent,
  detail?: string,
  rule: string = reason,
): RequestVerdict {
  return {
    ...{ kind: "refuse", reason, refused: { node, jail, address, rule } },
    ...(detail === undefined ? {} : { detail }),
  };
}

/** Serves monitors until stopped. */
export class Protocol1RequestServer {
  /** Totals since the start. */
  readonly counters: Protocol1RequestServerCounters = {
    received: 0,
    relayed: 0,
    refused: 0,
    unanswerable: 0,
    unanswered: 0,
  };
  readonly #options: Protocol1RequestServerOptions;
  readonly #troubleLog: LogThrottle;

  /**
   * Creates a server; it serves while it runs.
   *
   * @param options See {@link Protocol1RequestServerOptions}.
   */
  constructor(options: Protocol1RequestServerOptions) {
    this.#options = options;
    this.#troubleLog = new LogThrottle(options.log, options.clock, {
      kindOf: ({ reason }) => String(reason),
    });
  }

  /**
   * Receives until aborted; the owner of the send queues runs them.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      const { socket, keeping } = this.#options;
      while (true) {
        await keeping?.answers.room(MAX_ANSWERS_WAITING, signal);
        this.#serve(await socket.receive(signal));
      }
    } finally {
      this.#troubleLog.flush();
    }
  }

  #serve(frames: Frames): void {
    this.counters.received++;
    const bodyAt = frames.findIndex((frame) => frame.length === 0) + 1;
    if (bodyAt < 2 || bodyAt > MAX_HOPS + 2) {
      this.counters.unanswerable++;
      this.#troubleLog.record("warning", "message without a return address");
      return;
    }
    const { keeping } = this.#options;
    const verdict = this.#judge(frames.slice(bodyAt));
    this.#tell(verdict);
    if (keeping === undefined) return;
    const envelope = frames.slice(0, bodyAt);
    if (verdict.kind === "refuse") {
      keeping.answers.put([...envelope, NAK]);
      return;
    }
    const { event, acknowledgement } = verdict;
    const acknowledged = [...envelope, acknowledgement];
    const refused = [...envelope, NAK];
    const answers = { acknowledged, refused };
    keeping.answers.put(this.#keep(event, answers, keeping));
  }

  #judge(body: Frames): RequestVerdict {
    const { tokens, protection, isReadonly = false } = this.#options;
    const verdict = judgeRequest(body, tokens(), protection());
    if (!isReadonly || verdict.kind === "refuse") return verdict;
    const detail = `legacy is readonly: ${verdict.event.origin} must join`;
    return refuse("readonly", verdict.event, detail);
  }

  /**
   * Stores a report.
   *
   * @returns The answer; `undefined` when the report could not be stored: a
   * client without an answer asks again.
   */
  async #keep(
    event: BanEvent,
    { acknowledged, refused }: Readonly<
      Record<"acknowledged" | "refused", Frames>
    >,
    { hub, broadcasts, banTimeMs }: Protocol1Storing,
  ): Promise<Frames | undefined> {
    const endsMs = this.#options.clock.nowMs() + banTimeMs;
    try {
      const [verdict] = await hub.submit([{
        event: tableEvent(event, endsMs),
      }]);
      if (verdict === "node-full") {
        this.#tell(refuse("full", event, event.origin, "node-full"));
        return refused;
      }
      // A subscriber may know a ban that this table does not, from an earlier
      // broadcast.
      const isUnknown = verdict === "no_ban" || verdict === "no_report";
      if (isUnknown) broadcasts.put([encodeBroadcast(event)]);
      this.counters.relayed++;
      return acknowledged;
    } catch (error) {
      if (!(error instanceof BusyError || error instanceof RuntimeError)) {
        throw error;
      }
      this.counters.unanswered++;
      return undefined;
    }
  }

  #tell(verdict: RequestVerdict): void {
    switch (verdict.kind) {
      case "relay": {
        const { kind, origin, jail, address } = verdict.event;
        const { log, keeping } = this.#options;
        const what = keeping === undefined ? "would relay" : "relaying";
        log.record("notice", `${what} ${kind}`, {
          node: origin,
          jail,
          address,
        });
        return;
      }
      case "refuse":
        this.counters.refused++;
        if (verdict.refused !== undefined) {
          this.#options.onRefused?.(verdict.refused);
        }
        this.#troubleLog.record("warning", "request refused", {
          reason: verdict.reason,
          ...(verdict.detail === undefined ? {} : { detail: verdict.detail }),
        });
        return;
    }
  }
}

function tableEvent(
  { kind, jail, address, origin }: BanEvent,
  expiresMs: number,
): TableEvent {
  const key = { jail, address, origin };
  return kind === "unban"
    ? { kind: "withdraw", ...key }
    : { kind: "report", ...key, expiresMs };
}
