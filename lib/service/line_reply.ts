/**
 * Requests to a running program's Unix socket, and the replies.
 *
 * @module
 */

/** A request to a socket. */
export interface LineRequest {
  /** The socket's path. */
  readonly path: string;
  /** The request with its line end; empty: connecting is the request. */
  readonly line: string;
  /** Longest line of the answer that is read. */
  readonly maxAnswerBytes: number;
  /** Longest wait for each line, in milliseconds; `Infinity`: no limit. */
  readonly timeoutMs: number;
  /** Ends the answer, with a failure of any kind. */
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
     * `absent`: nothing listens; `denied`: this user may not connect; `gone`:
     * the connection broke; `late`: no answer in time.
     */
    readonly why: "absent" | "denied" | "gone" | "late" | "other";
    readonly reason: string;
    readonly cause: Error;
  };
