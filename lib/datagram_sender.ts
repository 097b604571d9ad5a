/**
 * How datagrams are sent: to a syslog daemon, to a service manager.
 *
 * @module
 */

/** How a datagram is sent. */
export interface DatagramSendOptions {
  /** So long the receiver may take to make room, in milliseconds. */
  readonly waitMs: number;
}

/** Sends datagrams to others' sockets in the file system. */
export interface DatagramSender extends AsyncDisposable {
  /**
   * Sends a datagram, whole or not at all. One at a time: a call before the
   * last one is done is a bug, and throws.
   *
   * @param bytes What is sent.
   * @param path Where the receiver listens, looked up each time.
   * @param options How it is sent.
   * @throws {RuntimeError} when nobody listens there, or makes room in time.
   */
  send(
    bytes: Uint8Array<ArrayBuffer>,
    path: string,
    options: DatagramSendOptions,
  ): Promise<void>;
}
