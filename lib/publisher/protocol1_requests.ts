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

/** What comes of a request that is good. */
export interface Protocol1Storing {
  /** Where reports are kept. */
  readonly hub: Pick<BanHub, "submit">;
  /** Where answers go out, over the server's own socket. */
  readonly answers: SendQueue;
  /** Where broadcasts go out. */
  readonly broadcasts: SendQueue;
  /** How long a report holds: protocol 1 does not say. `Infinity`: until it is taken back. */
  readonly banTimeMs: number;
}

/**
 * Nothing is received while so many answers wait: what others report meanwhile
 * comes after all of them, and one commit is of that many at most.
 */
const MAX_ANSWERS_WAITING = 128;

/** Options for {@link Protocol1RequestServer}. */
export interface Protocol1RequestServerOptions {
  /** A ROUTER that serves REQ clients. */
  readonly socket: MessageSocket;
  /** `undefined`: check and log only, neither keep, answer nor broadcast. */
  readonly keeping: Protocol1Storing | undefined;
  /** Time. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** Gives the tokens that admit a monitor now; none means that none is expected. */
  readonly tokens: () => TokenList;
  /** Whether every report is refused: only broadcasts go out. @default {false} */
  readonly isReadonly?: boolean | undefined;
  /** Which addresses are never banned; asked for each ban. */
  readonly protection: CurrentPolicy;
  /** Told of reports that are refused. Must not throw. @default {nobody is told} */
  readonly onRefused?: (refused: RefusedReport) => void;
}

/** Counters of a {@link Protocol1RequestServer} since its start. */
export interface Protocol1RequestServerCounters {
  /** Messages that came in. */
  received: number;
  /** Reports acknowledged. */
  relayed: number;
  /** Messages answered with `NAK`. */
  refused: number;
  /** Messages without an envelope to answer to. */
  unanswerable: number;
  /** Reports that could not be kept, and have no answer. */
  unanswered: number;
}

/** What a request leads to. */
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
    /** The report, where it could be read. */
    readonly refused?: RefusedReport;
  };

/** Proxies that a request may have come through. */
const MAX_HOPS = 8;

/**
 * Decides about a request.
 *
 * @param body The message's frames, without envelope.
 * @param tokens Tokens that admit a monitor; none means that none is expected.
 * @param protection Which addresses are never banned.
 * @returns What to do with it.
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
  // What happens in the cluster's own jail is the cluster's own doing.
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
  /** What was done so far. */
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
   * Makes a server; it serves once it runs.
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
   * Hears until aborted; the outboxes are run by whoever made them.
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
   * Has a report kept.
   *
   * @returns The answer; `undefined` when it could not be kept: who
   * has no answer asks again.
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
      // What this table does not know, a subscriber may: it heard of it before.
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
