/**
 * The ports of connections: from peers, and on to ZeroMQ's sockets.
 *
 * @module
 */

/** One end of a connection, both ways bytes. */
export interface ByteConnection {
  /**
   * Reads what has come; waits for it. One call at a time.
   *
   * @param buffer Takes it.
   * @returns How many bytes; 0: the other end says no more, or is gone.
   */
  read(buffer: Uint8Array<ArrayBuffer>): Promise<number>;
  /**
   * Writes all bytes; waits while there is no room. One call at a time.
   *
   * @returns Whether they were taken; if not the other end is gone.
   */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<boolean>;
  /** Says no more; what was written before still arrives. */
  closeWrite(): Promise<void>;
  /** Ends both ways, and the calls that wait. It may be called again. */
  close(): void;
}

/** A connection that a peer made. */
export interface PeerConnection extends ByteConnection {
  /** The peer's address; `local` over a Unix socket. */
  readonly address: string;
}

/** Where peers connect to. */
export interface PeerListener {
  /**
   * Waits for the next connection. One call at a time.
   *
   * @returns `gone`: it was given up before it was taken; `undefined` once closed.
   * @throws {RuntimeError} when the system has no room for one now.
   */
  accept(): Promise<PeerConnection | "gone" | undefined>;
  /** Takes no more. It may be called again. */
  close(): void;
}

/** A private address of a ZeroMQ socket. */
export interface InnerEndpoint {
  /** The Unix socket. */
  readonly path: string;
  /** Under which libzmq asks about whoever connects there. */
  readonly zapDomain: string;
}

/**
 * Connects to where bytes are handed on to, such as an {@link InnerEndpoint}.
 *
 * @param path Where that is.
 * @param address The peer's, whose bytes they are.
 * @throws {RuntimeError} when the system has no room for a connection now.
 */
export type ConnectInner = (
  path: string,
  address: string,
) => Promise<ByteConnection>;
