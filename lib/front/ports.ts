/**
 * The ports of connections: from peers, and on to ZeroMQ's sockets.
 *
 * @module
 */

/** One end of a connection that carries bytes in both directions. */
export interface ByteConnection {
  /**
   * Reads available bytes; waits for some. One call at a time.
   *
   * @param buffer Receives the bytes.
   * @returns Number of bytes; 0: the other end has stopped writing or is gone.
   */
  read(buffer: Uint8Array<ArrayBuffer>): Promise<number>;
  /**
   * Writes all bytes; waits for room. One call at a time.
   *
   * @returns Whether they were taken; otherwise the other end is gone.
   */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<boolean>;
  /** Ends writing; bytes written before still arrive. */
  closeWrite(): Promise<void>;
  /** Closes both directions and ends waiting calls. May be called again. */
  close(): void;
}

/** A connection from a peer. */
export interface PeerConnection extends ByteConnection {
  /** The peer's address; `local` over a Unix socket. */
  readonly address: string;
}

/** Listens for peers. */
export interface PeerListener {
  /**
   * Waits for the next connection. One call at a time.
   *
   * @returns `gone`: the peer gave up before it was accepted; `undefined` once
   * closed.
   * @throws {RuntimeError} when the system has no room for a connection now.
   */
  accept(): Promise<PeerConnection | "gone" | undefined>;
  /** Stops listening. May be called again. */
  close(): void;
}

/** A private address of a ZeroMQ socket. */
export interface InnerEndpoint {
  /** The Unix socket. */
  readonly path: string;
  /** The domain under which libzmq asks about peers that connect there. */
  readonly zapDomain: string;
}

/**
 * Connects to where bytes are handed on, such as an {@link InnerEndpoint}.
 *
 * @param path The path to connect to.
 * @param address The address of the peer that sends the bytes.
 * @throws {RuntimeError} when the system has no room for a connection now.
 */
export type ConnectInner = (
  path: string,
  address: string,
) => Promise<ByteConnection>;
