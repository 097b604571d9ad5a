/**
 * What a node knows about its publisher: the content of the last WELCOME, and
 * why it gets no service. For `status`, and for diagnoses.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Epoch } from "../base/ids.ts";
import type { Log } from "../log/log.ts";
import type { Trouble } from "./session_troubles.ts";
import type { Welcome } from "./session.ts";

/** Facts about the publisher in `status`. */
export interface PublisherFigures {
  readonly [name: string]: string | number;
  /** The publisher's version, or `unknown`. */
  readonly publisherVersion: string;
  /**
   * By how much this host's clock is ahead of the publisher's, in seconds, or
   * `unknown`.
   */
  readonly clockAheadSeconds: number | string;
  /** The revision of the last received allowlist, or `unknown`. */
  readonly allowlistRevision: number | string;
  /** Why the publisher does not serve this node, or `none`. */
  readonly publisherTrouble: string;
  /** How to fix that, or `none`. */
  readonly publisherHint: string;
}

/** Remembers facts from each WELCOME. */
export class KnownPublisher {
  readonly #clock: Clock;
  readonly #log: Log;
  #epoch: Epoch | undefined;
  #version: string | undefined;
  /**
   * The publisher's clock minus the monotonic one of this process, in
   * milliseconds.
   */
  #beyondMs: number | undefined;

  /**
   * @param clock Time.
   * @param log Receives a warning when the publisher has another store.
   */
  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Records a WELCOME. */
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
   * The facts for `status`.
   *
   * @param allowlist The revision of the allowlist.
   * @param trouble Why the publisher does not serve this node.
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

  /**
   * Reflects changes of this host's clock, but assumes that the publisher's was
   * not set since the WELCOME.
   */
  get #aheadSeconds(): number | undefined {
    if (this.#beyondMs === undefined) return undefined;
    const theirsMs = this.#clock.monotonicMs() + this.#beyondMs;
    return Math.round((this.#clock.nowMs() - theirsMs) / 1_000);
  }
}
