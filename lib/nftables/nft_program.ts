/**
 * The port of the program `nft`.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";

/** How a call of the program went. */
export interface NftOutcome {
  readonly ok: boolean;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** A call of the program. */
export interface NftCall {
  readonly args: readonly string[];
  /** What it reads from standard input. @default {""} */
  readonly input?: string;
  /** It is ended then, in milliseconds. */
  readonly timeoutMs: number;
}

/** The program did not end in time, and was ended. */
export class NftLateError extends RuntimeError {}

/** Runs `nft`, also several at a time. */
export interface NftProgram {
  /**
   * Runs it to its end.
   *
   * @throws {NftLateError} when it does not end in time.
   * @throws {RuntimeError} when it can't be run.
   */
  call(call: NftCall, signal: AbortSignal): Promise<NftOutcome>;
}
