/**
 * Logs sessions that fail or are lost.
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
  /** This node's name, for the commands in hints. */
  readonly node: HostName;
  /** Finds out why nobody answers. Never rejects. */
  readonly explain: (stage: SilenceStage) => Promise<Explanation | undefined>;
}

/** Why the publisher does not currently serve this node. */
export interface Trouble {
  readonly reason: string;
  /** How to fix it. */
  readonly hint: string | undefined;
}

/**
 * No trouble yet: the next session, or the reason why there is none, shows the
 * cause.
 */
const SILENT =
  "the publisher has said nothing for too long, another session begins";

/** Logs each trouble once, however often it recurs, and its end. */
export class SessionTroubles {
  readonly #options: SessionTroublesOptions;
  /** No answer, or an invalid one: over with the next WELCOME. */
  readonly #absence: TroubleLog;
  /** The publisher answers, but can't do what it is asked. */
  readonly #stumbling: TroubleLog;
  #current: Trouble | undefined;
  #stumbled: Trouble | undefined;
  #welcomes = 0;
  /**
   * The results of the probes after missing answers; a publisher may have
   * several addresses, each with its own.
   */
  readonly #found = new Set<string>();

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

  /** The latest trouble that is not over. */
  get current(): Trouble | undefined {
    return this.#current ?? this.#stumbled;
  }

  /** Records a WELCOME. */
  noteWelcome(): void {
    this.#welcomes++;
    this.#current = undefined;
    this.#found.clear();
    this.#absence.resolve();
  }

  /** Records that the publisher answered a request. */
  noteAnswer(): void {
    this.#stumbled = undefined;
    this.#stumbling.resolve();
  }

  /**
   * Logs a loss, once for each reason. Why there is no connection is logged
   * only when two attempts find the same reason. Call it again only
   * after the promise has resolved.
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
      // A publisher answered during the probe.
      if (this.#welcomes > welcomes) return;
      const { reason = message, hint } = explanation ?? {};
      this.#current = { reason, hint };
      // The probe follows the failed attempt, so it may find a publisher that
      // started in between. Only a reason that the next probe confirms is
      // logged.
      const isSure = loss.stage === "answer" || explanation === undefined ||
        this.#found.has(reason);
      this.#found.add(reason);
      if (isSure) {
        this.#absence.report(reason, hint === undefined ? {} : { hint });
      }
      return;
    }
    this.#found.clear();
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
