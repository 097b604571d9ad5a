/**
 * What comes of asking a running program on its Unix socket.
 *
 * @module
 */

/** What is asked of a socket, and how long the answer is waited for. */
export interface LineRequest {
  /** The socket's path. */
  readonly path: string;
  /** The line that asks, with its line end; empty: connecting is all it takes. */
  readonly line: string;
  /** A line of the answer is read up to this length. */
  readonly maxAnswerBytes: number;
  /** Limit of the wait for each line; `Infinity`: none. */
  readonly timeoutMs: number;
  /** Ends the answer, which is then a failure of whatever kind. */
  readonly signal?: AbortSignal | undefined;
}

/** A line of an answer, or why there is none. */
export type LineReply =
  | {
    readonly kind: "answer";
    readonly text: string;
    /** Whether the connection ended before the line did. */
    readonly isCut: boolean;
  }
  | {
    readonly kind: "failure";
    /**
     * `absent`: nobody listens; `denied`: this user may not connect; `gone`: the
     * connection broke; `late`: no answer in time.
     */
    readonly why: "absent" | "denied" | "gone" | "late" | "other";
    readonly reason: string;
    readonly cause: Error;
  };
