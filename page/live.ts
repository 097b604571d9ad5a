/**
 * Follows live events, and reconnects as needed.
 *
 * @module
 */

import type { AnswerOf } from "./api.ts";

type LiveKind = "following" | "changed" | "events";

/** Receives live events. */
export interface LiveHandlers {
  /** A stream of changes starts; `isAnew`: earlier changes were missed. */
  readonly following: (isAnew: boolean) => void;
  readonly changed: (told: AnswerOf<"changed">) => void;
  readonly events: (told: AnswerOf<"events">) => void;
  /** Whether there is a connection. */
  readonly connected: (isConnected: boolean) => void;
  /** The stream ended without a retry: the login may have expired. */
  readonly lost: () => void;
}

/** A stream of events. */
export class Live {
  readonly #source = new EventSource("/api/live");
  readonly #handlers: LiveHandlers;
  #epoch = "";
  /**
   * Sequence number of the last change; the browser sends it when it
   * reconnects.
   */
  #change = -1;

  /** Connects. */
  constructor(handlers: LiveHandlers) {
    this.#handlers = handlers;
    const source = this.#source;
    source.onopen = () => handlers.connected(true);
    source.onerror = () => {
      handlers.connected(false);
      if (source.readyState === EventSource.CLOSED) handlers.lost();
    };
    source.addEventListener("over", () => {
      source.close();
      handlers.connected(false);
      handlers.lost();
    });
    this.#on("following", ({ epoch, change }) => {
      const isAnew = epoch !== this.#epoch || change !== this.#change;
      this.#epoch = epoch;
      this.#change = change;
      handlers.following(isAnew);
    });
    this.#on("changed", (told) => {
      this.#change = told.to;
      handlers.changed(told);
    });
    this.#on("events", handlers.events);
  }

  /** Ends it. */
  close(): void {
    this.#source.close();
    this.#handlers.connected(false);
  }

  #on<K extends LiveKind>(kind: K, tell: (told: AnswerOf<K>) => void): void {
    this.#source.addEventListener(kind, (event) => {
      tell({ kind, ...JSON.parse(String(event.data)) });
    });
  }
}
