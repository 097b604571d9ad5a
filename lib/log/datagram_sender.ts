/**
 * The port for datagrams to a syslog daemon or a service manager.
 *
 * @module
 */

/** Sends datagrams to Unix sockets of other programs. */
export interface DatagramSender extends AsyncDisposable {
  /**
   * Sends a datagram, whole or not at all, once the receiver has room for it;
   * disposal aborts the wait. A call before the previous one has ended is a
   * bug, and throws.
   *
   * @param bytes The datagram.
   * @param path The receiver's socket, looked up each time.
   * @throws {RuntimeError} when nobody listens there, and on disposal.
   */
  send(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<void>;
}
