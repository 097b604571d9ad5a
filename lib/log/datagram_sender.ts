/**
 * How datagrams are sent: to a syslog daemon, to a service manager.
 *
 * @module
 */

/** Sends datagrams to others' sockets in the file system. */
export interface DatagramSender extends AsyncDisposable {
  /**
   * Sends a datagram, whole or not at all, once the receiver has room for it;
   * disposal ends the wait. One at a time: a call before the last one is done
   * is a bug, and throws.
   *
   * @param bytes What is sent.
   * @param path Where the receiver listens, looked up each time.
   * @throws {RuntimeError} when nobody listens there, and on disposal.
   */
  send(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<void>;
}
