/**
 * What a node knows of its publisher: what the last WELCOME told, and what keeps
 * the two apart. For `status`, and for whoever diagnoses the host.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Epoch } from "../base/ids.ts";
import type { Log } from "../log/log.ts";
import type { Trouble } from "./session_troubles.ts";
import type { Welcome } from "./session.ts";

/** Figures of `status` about the publisher. */
export interface PublisherFigures {
  readonly [name: string]: string | number;
  /** Its version, or `unknown`. */
  readonly publisherVersion: string;
  /** By how much this host's clock is ahead of its, in seconds, or `unknown`. */
  readonly clockAheadSeconds: number | string;
  /** The revision of the allowlist that it told last, or `unknown`. */
  readonly allowlistRevision: number | string;
  /** Why it does not serve this node, or `none`. */
  readonly publisherTrouble: string;
  /** What to do about that, or `none`. */
  readonly publisherHint: string;
}

/** Takes each WELCOME. */
export class KnownPublisher {
  readonly #clock: Clock;
  readonly #log: Log;
  #epoch: Epoch | undefined;
  #version: string | undefined;
  /** Its clock less the steady one of this process, in milliseconds. */
  #beyondMs: number | undefined;

  /**
   * @param clock Time.
   * @param log Told of another store.
   */
  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** It said WELCOME. */
  noteWelcome({ epoch, publisher }: Welcome): void {
    if (this.#epoch !== undefined && this.#epoch !== epoch) {
      this.#log.record("warning", "the publisher has another store", {
        before: this.#epoch,
        now: epoch,
      });
    }
    this.#epoch = epoch;
    this.#version = publisher?.version;
    this.#beyondMs = publisher && publisher.nowMs - this.#clock.monotonicMs();
  }

  /**
   * What `status` shows.
   *
   * @param allowlist The revision of the allowlist.
   * @param trouble What keeps the two apart.
   */
  figures(
    allowlist: number | undefined,
    trouble: Trouble | undefined,
  ): PublisherFigures {
    return {
      publisherVersion: this.#version ?? "unknown",
      clockAheadSeconds: this.#aheadSeconds ?? "unknown",
      allowlistRevision: allowlist ?? "unknown",
      publisherTrouble: trouble?.reason ?? "none",
      publisherHint: trouble?.hint ?? "none",
    };
  }

  /** Follows this host's clock as it is set; that of the publisher is as it was at the WELCOME. */
  get #aheadSeconds(): number | undefined {
    if (this.#beyondMs === undefined) return undefined;
    const theirsMs = this.#clock.monotonicMs() + this.#beyondMs;
    return Math.round((this.#clock.nowMs() - theirsMs) / 1_000);
  }
}
