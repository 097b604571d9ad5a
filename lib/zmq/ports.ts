/**
 * The ports of message sockets and of waiting for descriptors.
 *
 * An aborted wait rejects with the signal's reason. An error of class
 * `RuntimeError` is one that the operator can mend; any other is a bug.
 *
 * @module
 */

/** A message: its frames. */
export type Frames = readonly Uint8Array[];

/**
 * A message socket. One `send` and one `receive` may wait at a time; a second
 * of the same kind is a bug and throws.
 */
export interface MessageSocket extends AsyncDisposable {
  /**
   * Hands a message over; waits while there is no peer with room for it. A
   * socket with many peers waits for none: what one has no room for is dropped.
   */
  send(frames: Frames, signal: AbortSignal): Promise<void>;
  /** Waits for the next message. */
  receive(signal: AbortSignal): Promise<Frames>;
}

/** Bounds of a socket. */
export interface SocketLimits {
  /** A peer that announces a longer frame is disconnected. */
  readonly maxMessageBytes: number;
  /** Messages queued for each peer. @default {1000} */
  readonly sendQueueMessages?: number;
  /** Messages queued from each peer. @default {1000} */
  readonly receiveQueueMessages?: number;
  /**
   * How long disposing goes on sending what still waits, at most, in
   * milliseconds. @default {0}
   */
  readonly lingerMs?: number;
}

/** A socket that others connect to. */
export interface BoundSocket extends MessageSocket {
  /** Where; with the port that was taken for `*`. */
  readonly endpoint: string;
  /**
   * Binds it to one more address, with the same setup.
   *
   * @param url The address.
   * @param zapDomain Under which the handler is asked about peers that connect there.
   * @throws {RuntimeError} when the address can't be had.
   */
  bindAlso(url: string, zapDomain: string): void;
  /**
   * Unbinds it from such an address, and closes whoever is connected there; a
   * Unix socket's file stays. A closed socket has none.
   */
  unbind(url: string): void;
}

/** A descriptor that somebody waits on. */
export interface DescriptorWatcher {
  /** The file descriptor. */
  readonly descriptor: number;
  /** Called when the descriptor may have become readable. Must not throw. */
  settle(): void;
}

/** Waits on descriptors; edge- and level-triggered ones alike. */
export interface DescriptorPoll {
  /** Begins to wait on a descriptor. */
  add(watcher: DescriptorWatcher): void;
  /** Resolves once nothing waits on the descriptor, so that it may be closed. */
  remove(watcher: DescriptorWatcher): Promise<void>;
  /** Resolves once the process has no descriptor of that number, at the latest after `timeoutMs`. */
  closed(descriptor: number, timeoutMs: number): Promise<void>;
}

/** Opens a new connection to the one peer it was made for; may be called again and again. */
export type Connect = () => MessageSocket;
