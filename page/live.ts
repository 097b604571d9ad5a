/**
 * Follows what goes on, over as many connections as it takes.
 *
 * @module
 */

import type { AnswerOf } from "./api.ts";

type LiveKind = "following" | "changed" | "events";

/** Who is told what goes on. */
export interface LiveHandlers {
  /** Changes follow; `isAnew`: some before them were missed. */
  readonly following: (isAnew: boolean) => void;
  readonly changed: (told: AnswerOf<"changed">) => void;
  readonly events: (told: AnswerOf<"events">) => void;
  /** Whether there is a connection. */
  readonly connected: (isConnected: boolean) => void;
  /** There is none, and none is tried: the login may be over. */
  readonly lost: () => void;
}

/** One stream of events, until it is closed. */
export class Live {
  readonly #source = new EventSource("/api/live");
  readonly #handlers: LiveHandlers;
  #epoch = "";
  /** The last change that is known; the browser says it when it connects again. */
  #change = -1;

  /** Begins to follow. */
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
