/**
 * The port of the program `nft`.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";

/** The outcome of a call. */
export interface NftOutcome {
  readonly ok: boolean;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** A call of `nft`. */
export interface NftCall {
  readonly args: readonly string[];
  /** Its standard input. @default {""} */
  readonly input?: string;
  /** It is killed after this time, in milliseconds. */
  readonly timeoutMs: number;
}

/** The program did not end in time, and was killed. */
export class NftLateError extends RuntimeError {}

/** Runs `nft`; several calls may run at the same time. */
export interface NftProgram {
  /**
   * Runs it and waits for its end.
   *
   * @throws {NftLateError} when it does not end in time.
   * @throws {RuntimeError} when it can't be started.
   */
  call(call: NftCall, signal: AbortSignal): Promise<NftOutcome>;
}
