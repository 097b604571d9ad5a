/**
 * Answers libzmq's requests about which peers to admit.
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
  /** The ZAP domain of the address that it connected to. */
  readonly domain: string;
  /** Its public key; `undefined`: it has none. */
  readonly publicKey: PublicKey | undefined;
}

/** The decision about a peer. */
export interface PeerVerdict {
  readonly isAdmitted: boolean;
  /** The peer's real address when it connects through a relay; for the log. */
  readonly address?: string | undefined;
}

/** Options for {@link ZapServer}. */
export interface ZapServerOptions {
  /** The ROUTER that libzmq sends its requests to. */
  readonly socket: MessageSocket;
  /** Decides whether a peer may connect. */
  readonly judge: (peer: AskedPeer) => PeerVerdict;
  /** Names the owner of a refused key, if known. @default {names none} */
  readonly describe?: (key: PublicKey) => string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Counts of handled requests. */
export interface ZapServerCounters {
  /** Admitted connections. */
  admitted: number;
  /** Refused connections. */
  refused: number;
  /** Malformed requests. */
  malformed: number;
}

/** Answers ZAP requests until stopped; no request can end it. */
export class ZapServer {
  /** Counts since the start. */
  readonly counters: ZapServerCounters = {
    admitted: 0,
    refused: 0,
    malformed: 0,
  };
  readonly #options: ZapServerOptions;
  readonly #refusals: LogThrottle;

  /** @param options See {@link ZapServerOptions}. */
  constructor(options: ZapServerOptions) {
    this.#options = options;
    this.#refusals = new LogThrottle(options.log, options.clock);
  }

  /**
   * Answers until aborted.
   *
   * @param signal Stops it; the promise then rejects with its reason.
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
    // The key is public, and shows the operator which node it is.
    const node = publicKey && this.#options.describe?.(publicKey);
    this.#refusals.record("warning", "connection refused: not a member", {
      ...(node === undefined ? {} : { node }),
      address: canonicalAddress(from) ?? from,
      key: publicKey ?? "none",
    });
    return false;
  }
}
