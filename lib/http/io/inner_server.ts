/**
 * Serves HTTP over one connection, by `Deno.serve`.
 *
 * `Deno.serve` bounds neither its connections nor how long one may say or take
 * nothing, and does not tell who is behind a private socket. So each connection
 * that `front` took gets a server of its own, which nobody else can reach and
 * which ends with it: whatever is asked there comes from that one peer.
 *
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";

/** What a peer may do over one connection. */
export interface HttpConnectionLimits {
  /** How long nothing may be asked, in milliseconds. */
  readonly idleMs: number;
  /** How long it may last, in milliseconds. */
  readonly totalMs: number;
  /** Requests that are answered; one more ends it. */
  readonly maxRequests: number;
  /** Connections at a time of all peers to whom nothing is told: they keep nobody else out. */
  readonly maxOfStrangers: number;
}

/** Options for {@link HttpServers}. */
export interface HttpServersOptions {
  /** Answers a request of a peer, whose canonical address is given; must not reject. */
  readonly answer: (request: Request, peer: string) => Promise<Response>;
  /** Whether there may be something for a peer. */
  readonly isKnown: (peer: string) => boolean;
  readonly limits: HttpConnectionLimits;
}

/** Hint for whatever fails when there are no descriptors left. */
const DESCRIPTORS_HINT =
  "raise the limit of open files (LimitNOFILE= of the unit, ulimit -n)";

/** A connection as `front` hands bytes on to. */
export type ServedConnection = Pick<
  HttpConnection,
  "read" | "write" | "closeWrite" | "close"
>;

/** Of one that is not served. */
const ENDED: ServedConnection = {
  read: () => Promise.resolve(0),
  write: () => Promise.resolve(false),
  closeWrite: () => Promise.resolve(),
  close: () => {},
};

/** A server for each connection; they end at disposal. */
export class HttpServers implements AsyncDisposable {
  readonly #options: HttpServersOptions;
  readonly #running = new Set<OnePeerServer>();
  /** Those of peers to whom nothing is told. */
  readonly #strangers = new Set<OnePeerServer>();
  #made = 0;

  /** @param options See {@link HttpServersOptions}. */
  constructor(options: HttpServersOptions) {
    this.#options = options;
  }

  /**
   * Makes a connection at whose other end requests are answered.
   *
   * @param path What the paths of sockets begin with, each there for a moment.
   * @param peer Who asks.
   * @returns One that has ended where too many strangers are there.
   * @throws {RuntimeError} when the system has no room for one now.
   */
  async connect(path: string, peer: string): Promise<ServedConnection> {
    const { isKnown, limits: { maxOfStrangers } } = this.#options;
    const isStranger = !isKnown(peer);
    if (isStranger && this.#strangers.size >= maxOfStrangers) return ENDED;
    const ownPath = `${path}-${++this.#made}`;
    let server: OnePeerServer | undefined;
    try {
      server = new OnePeerServer(ownPath, peer, this.#options);
      this.#keep(server, isStranger);
      const transport = "unix";
      const connection = await Deno.connect({ transport, path: ownPath });
      return new HttpConnection(connection, server);
    } catch (error) {
      server?.end();
      if (!(error instanceof Error)) throw error;
      throw new RuntimeError(`cannot serve HTTP: ${error.message}`, {
        hint: DESCRIPTORS_HINT,
        cause: error,
      });
    } finally {
      removeIfThere(ownPath);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#running) server.end();
    await Promise.all([...this.#running].map(({ finished }) => finished));
  }

  #keep(server: OnePeerServer, isStranger: boolean): void {
    this.#running.add(server);
    if (isStranger) this.#strangers.add(server);
    server.finished.finally(() => {
      this.#running.delete(server);
      this.#strangers.delete(server);
    });
  }
}

/** A connection to a server that ends with it. */
export class HttpConnection {
  readonly #connection: Deno.UnixConn;
  readonly #server: OnePeerServer;
  #isClosed = false;

  /** Both are used by nobody else. */
  constructor(connection: Deno.UnixConn, server: OnePeerServer) {
    this.#connection = connection;
    this.#server = server;
    server.onLate = () => this.close();
  }

  /** As in `ByteConnection`. */
  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number> {
    try {
      return await this.#connection.read(buffer) ?? 0;
    } catch (error) {
      return ifGone(error, 0);
    }
  }

  /** As in `ByteConnection`. */
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

  /** The peer is gone: nothing of what is being answered matters any more. */
  closeWrite(): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** As in `ByteConnection`. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#server.end();
    this.#connection.close();
  }
}

type Timer = ReturnType<typeof setTimeout>;

/** A server for whoever connects first. */
class OnePeerServer {
  /** Resolves once it has ended. */
  readonly finished: Promise<void>;
  readonly #limits: HttpConnectionLimits;
  readonly #stop = new AbortController();
  readonly #late: Timer;
  #idle: Timer;
  #requests = 0;
  #answering = 0;
  /** Called once it has lasted too long. */
  onLate: () => void = () => this.end();

  constructor(
    path: string,
    peer: string,
    { answer, limits }: HttpServersOptions,
  ) {
    this.#limits = limits;
    const server = Deno.serve(
      {
        path,
        signal: this.#stop.signal,
        onListen: () => {},
        // The peer has gone while it was answered.
        onError: () => new Response(null, { status: 500 }),
      },
      (request, { completed }) =>
        this.#answer(completed, () => answer(request, peer)),
    );
    // For want of a descriptor it can't take its connection: then it is over.
    this.finished = server.finished.catch((error) => {
      ifGone(error, undefined);
      this.end();
    });
    this.#late = setTimeout(() => this.onLate(), limits.totalMs);
    this.#idle = setTimeout(() => this.end(), limits.idleMs);
  }

  end(): void {
    clearTimeout(this.#late);
    clearTimeout(this.#idle);
    this.#stop.abort();
  }

  async #answer(
    completed: Promise<void>,
    answer: () => Promise<Response>,
  ): Promise<Response> {
    const { maxRequests, idleMs } = this.#limits;
    clearTimeout(this.#idle);
    this.#answering++;
    // It rejects when the peer has gone, and then there is nothing to wait for.
    const settled = () => {
      this.#answering--;
      if (this.#answering > 0 || this.#stop.signal.aborted) return;
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => this.end(), idleMs);
    };
    completed.then(settled, settled);
    if (++this.#requests > maxRequests) {
      this.end();
      return new Response(null, { status: 429 });
    }
    return await answer();
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Whatever the system says of a connection, it is no longer one. */
function ifGone<T>(error: unknown, value: T): T {
  // A bug of ours is a TypeError; the system's errors have classes of Deno's, or none.
  if (!(error instanceof Error) || error instanceof TypeError) throw error;
  return value;
}
