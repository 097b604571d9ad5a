/**
 * What the log says of sessions that don't come about or are lost.
 *
 * @module
 */

import type { HostName } from "../base/host_name.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import type { Explanation, SilenceStage } from "./silence.ts";
import {
  type LostSessionError,
  NoAnswerError,
  SilentSessionError,
} from "./session.ts";
import { remedyFor, STUMBLES } from "./session_errors.ts";

/** Options for {@link SessionTroubles}. */
export interface SessionTroublesOptions {
  /** Time. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** This node's name, for the commands that are hinted at. */
  readonly node: HostName;
  /** Finds out why nobody answers. Never rejects. */
  readonly explain: (stage: SilenceStage) => Promise<Explanation | undefined>;
}

/** Why the publisher does not serve this node now. */
export interface Trouble {
  readonly reason: string;
  /** What to do about it. */
  readonly hint: string | undefined;
}

/** No trouble to be told yet: the next session, or why there is none, shows what it was. */
const SILENT =
  "the publisher has said nothing for too long, another session begins";

/** Logs each trouble once, however often it is met, and its end. */
export class SessionTroubles {
  readonly #options: SessionTroublesOptions;
  /** No answer, no understanding: over with a WELCOME. */
  readonly #absence: TroubleLog;
  /** A publisher that answers and can't do what it is asked. */
  readonly #stumbling: TroubleLog;
  #current: Trouble | undefined;
  #stumbled: Trouble | undefined;
  #welcomes = 0;
  /** What the last look found, where nobody answered. */
  #found: string | undefined;

  /** @param options See {@link SessionTroublesOptions}. */
  constructor(options: SessionTroublesOptions) {
    const { log, clock } = this.#options = options;
    this.#absence = new TroubleLog({
      log,
      clock,
      trouble: "no conversation with the publisher",
      over: "the publisher answers again",
    });
    this.#stumbling = new TroubleLog({
      log,
      clock,
      trouble: "the publisher can't take anything",
      over: "the publisher takes what it is sent again",
    });
  }

  /** What was met last and is not over. */
  get current(): Trouble | undefined {
    return this.#current ?? this.#stumbled;
  }

  /** The publisher said WELCOME. */
  noteWelcome(): void {
    this.#welcomes++;
    this.#current = undefined;
    this.#found = undefined;
    this.#absence.resolve();
  }

  /** The publisher did what it was asked. */
  noteAnswer(): void {
    this.#stumbled = undefined;
    this.#stumbling.resolve();
  }

  /**
   * Says what was lost, once for each reason: why there is no connection,
   * once two attempts in a row found the same. One at a time is told of.
   *
   * @param loss Why the session ended, or did not begin.
   */
  async tell(loss: LostSessionError): Promise<void> {
    const { code, message } = loss;
    if (code === "session") return;
    if (loss instanceof SilentSessionError) {
      const { silentMs } = loss;
      this.#options.log.record("info", SILENT, { silentMs });
      return;
    }
    if (loss instanceof NoAnswerError) {
      const welcomes = this.#welcomes;
      const explanation = await this.#options.explain(loss.stage);
      // Somebody has answered while it was looked for what is wrong.
      if (this.#welcomes > welcomes) return;
      const { reason = message, hint } = explanation ?? {};
      this.#current = { reason, hint };
      // The look comes after the attempt to connect: it also finds a publisher
      // that started in between. What the next one finds as well is the reason.
      const isSure = loss.stage === "answer" || explanation === undefined ||
        reason === this.#found;
      this.#found = reason;
      if (isSure) {
        this.#absence.report(reason, hint === undefined ? {} : { hint });
      }
      return;
    }
    this.#found = undefined;
    const isStumble = STUMBLES.includes(code);
    const troubleLog = isStumble ? this.#stumbling : this.#absence;
    const hint = remedyFor(code, this.#options.node);
    if (isStumble) this.#stumbled = { reason: message, hint };
    else this.#current = { reason: message, hint };
    troubleLog.report(message, {
      ...(hint === undefined ? {} : { hint }),
      ...(typeof loss.cause === "string" && code === "version"
        ? { because: loss.cause }
        : {}),
    });
  }
}
