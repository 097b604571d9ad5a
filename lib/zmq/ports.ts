/**
 * The ports of message sockets and of waiting for descriptors.
 *
 * An aborted wait rejects with the signal's reason. An error of class
 * `RuntimeError` is one that the operator can fix; any other is a bug.
 *
 * @module
 */

/** The frames of a message. */
export type Frames = readonly Uint8Array[];

/**
 * A message socket. One `send` and one `receive` may wait at a time; a second
 * call of the same kind is a bug and throws.
 */
export interface MessageSocket extends AsyncDisposable {
  /**
   * Sends a message; waits until a peer has room for it. A socket with many
   * peers does not wait: it drops messages for a peer without room.
   */
  send(frames: Frames, signal: AbortSignal): Promise<void>;
  /** Waits for the next message. */
  receive(signal: AbortSignal): Promise<Frames>;
}

/** Limits of a socket. */
export interface SocketLimits {
  /**
   * Longest frame, in bytes; a peer that announces a longer one is
   * disconnected.
   */
  readonly maxMessageBytes: number;
  /** Messages queued for each peer. @default {1000} */
  readonly sendQueueMessages?: number;
  /** Messages queued from each peer. @default {1000} */
  readonly receiveQueueMessages?: number;
  /**
   * Longest time that disposing keeps sending queued messages, in milliseconds.
   *
   * @default {0}
   */
  readonly lingerMs?: number;
}

/** A socket that others connect to. */
export interface BoundSocket extends MessageSocket {
  /** The address that it is bound to, with the actual port in place of `*`. */
  readonly endpoint: string;
  /**
   * Binds the socket to another address, with the same setup.
   *
   * @param url The address.
   * @param zapDomain The domain in ZAP requests about peers that connect there.
   * @throws {RuntimeError} when it can't bind to the address.
   */
  bindAlso(url: string, zapDomain: string): void;
  /**
   * Unbinds the socket from that address, and disconnects its peers; a Unix
   * socket's file stays. Does nothing on a closed socket.
   */
  unbind(url: string): void;
}

/** Waits on a file descriptor. */
export interface DescriptorWatcher {
  /** The file descriptor. */
  readonly descriptor: number;
  /** Called when the descriptor may have become readable. Must not throw. */
  settle(): void;
}

/** Waits on descriptors, both edge-triggered and level-triggered. */
export interface DescriptorPoll {
  /** Begins waiting on a descriptor. */
  add(watcher: DescriptorWatcher): void;
  /** Resolves once nothing waits on the descriptor: it may then be closed. */
  remove(watcher: DescriptorWatcher): Promise<void>;
  /**
   * Resolves once the process has no descriptor of that number, or after
   * `timeoutMs`.
   */
  closed(descriptor: number, timeoutMs: number): Promise<void>;
}

/** Opens a new connection to one fixed peer; may be called repeatedly. */
export type Connect = () => MessageSocket;
