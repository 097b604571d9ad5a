/**
 * Answers libzmq whom the sockets of this process let in.
 *
 * @module
 */

import { canonicalAddress } from "../base/address.ts";
import type { PublicKey } from "./curve_key.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import type { MessageSocket } from "./ports.ts";
import {
  decodeZapRequest,
  encodeZapReply,
  type ZapRequest,
} from "./zap_codec.ts";

/** A peer that libzmq asks about. */
export interface AskedPeer {
  /** Of the address that it connected to. */
  readonly domain: string;
  /** The key that it has; `undefined`: none. */
  readonly publicKey: PublicKey | undefined;
}

/** What becomes of it. */
export interface PeerVerdict {
  readonly isAdmitted: boolean;
  /** Where it really is, when libzmq sees who hands its bytes on; for the log. */
  readonly address?: string | undefined;
}

/** What a server is made of. */
export interface ZapServerOptions {
  /** The ROUTER that libzmq asks. */
  readonly socket: MessageSocket;
  /** Says whether a peer may connect. */
  readonly judge: (peer: AskedPeer) => PeerVerdict;
  /** Says whose a key is that is refused, as far as that is known. @default {it is not} */
  readonly describe?: (key: PublicKey) => string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a server has done so far. */
export interface ZapServerCounters {
  /** Connections of members. */
  admitted: number;
  /** Connections of others, that were refused. */
  refused: number;
  /** Questions that were none. */
  malformed: number;
}

/** Answers until stopped. What is asked can't end it. */
export class ZapServer {
  /** What was done so far. */
  readonly counters: ZapServerCounters = {
    admitted: 0,
    refused: 0,
    malformed: 0,
  };
  readonly #options: ZapServerOptions;
  readonly #refusals: LogThrottle;

  /** @param options What the server is made of. */
  constructor(options: ZapServerOptions) {
    this.#options = options;
    this.#refusals = new LogThrottle(options.log, options.clock);
  }

  /**
   * Answers until aborted.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { socket } = this.#options;
    try {
      while (true) {
        const [route, ...frames] = await socket.receive(signal);
        const request = decodeZapRequest(frames);
        if (route === undefined || request === undefined) {
          this.counters.malformed++;
          continue;
        }
        const reply = encodeZapReply(request, this.#judge(request));
        await socket.send([route, ...reply], signal);
      }
    } finally {
      this.#refusals.flush();
    }
  }

  #judge({ domain, address, publicKey }: ZapRequest): boolean {
    const verdict = this.#options.judge({ domain, publicKey });
    if (verdict.isAdmitted) {
      this.counters.admitted++;
      return true;
    }
    this.counters.refused++;
    const from = verdict.address ?? address;
    // The key is public, and tells an operator which node it is.
    const node = publicKey && this.#options.describe?.(publicKey);
    this.#refusals.record("warning", "connection refused: not a member", {
      ...(node === undefined ? {} : { node }),
      address: canonicalAddress(from) ?? from,
      key: publicKey ?? "none",
    });
    return false;
  }
}
