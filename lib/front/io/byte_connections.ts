/**
 * Connections of the operating system.
 *
 * @module
 */

import { canonicalAddress } from "../../base/address.ts";
import { RuntimeError } from "../../base/errors.ts";
import type { ByteConnection, PeerConnection } from "../ports.ts";

/** Hint for whatever fails when there are no descriptors left. */
export const DESCRIPTORS_HINT =
  "raise the limit of open files (LimitNOFILE= of the unit, ulimit -n)";

/** A {@link PeerConnection} over a connection of Deno's. */
export class DenoConnection implements PeerConnection {
  readonly address: string;
  readonly #connection: Deno.Conn;
  #isClosed = false;

  /** @param connection Used by nobody else. */
  constructor(connection: Deno.Conn) {
    this.#connection = connection;
    const { remoteAddr } = connection;
    this.address = "hostname" in remoteAddr
      ? canonicalAddress(remoteAddr.hostname) ?? remoteAddr.hostname
      : "local";
  }

  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number> {
    try {
      return await this.#connection.read(buffer) ?? 0;
    } catch (error) {
      return ifGone(error, 0);
    }
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    try {
      let written = 0;
      while (written < bytes.length) {
        written += await this.#connection.write(bytes.subarray(written));
      }
      return true;
    } catch (error) {
      return ifGone(error, false);
    }
  }

  async closeWrite(): Promise<void> {
    try {
      await this.#connection.closeWrite();
    } catch (error) {
      ifGone(error, undefined);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }
}

/** As {@link import("../ports.ts").ConnectInner}. */
export async function connectInner(path: string): Promise<ByteConnection> {
  try {
    return new DenoConnection(
      await Deno.connect({ transport: "unix", path }),
    );
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new RuntimeError(`cannot connect to ${path}: ${error.message}`, {
      hint: DESCRIPTORS_HINT,
      cause: error,
    });
  }
}

/** Whatever the system says of a connection, it is no longer one. */
function ifGone<T>(error: unknown, value: T): T {
  // A bug of ours is a TypeError; the system's errors have classes of Deno's, or none.
  if (!(error instanceof Error) || error instanceof TypeError) throw error;
  return value;
}
