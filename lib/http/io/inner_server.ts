/**
 * Serves HTTP over a single connection, by `Deno.serve`.
 *
 * `Deno.serve` limits neither the number of connections nor their idle time,
 * and does not reveal the peer behind a private socket. So each connection that
 * `front` accepts gets its own server. No other peer can reach that server, and
 * it ends with the connection: every request there comes from that peer.
 *
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";

/** Limits of a connection. */
export interface HttpConnectionLimits {
  /** How long the connection may be idle, in milliseconds. */
  readonly idleMs: number;
  /** How long the connection may last, in milliseconds. */
  readonly totalMs: number;
  /**
   * Maximum number of requests; the answer to the last tells the peer to
   * connect anew (RFC 9112, 9.6).
   */
  readonly maxRequests: number;
  /**
   * Maximum connections of all peers without access, so that they exclude
   * nobody else.
   */
  readonly maxOfStrangers: number;
}

/** Options for {@link HttpServers}. */
export interface HttpServersOptions {
  /**
   * Answers a request of a peer with the given canonical address; must not
   * reject.
   */
  readonly answer: (request: Request, peer: string) => Promise<Response>;
  /** Whether a peer may have access to anything. */
  readonly isKnown: (peer: string) => boolean;
  readonly limits: HttpConnectionLimits;
}

/** Hint for errors that a lack of descriptors causes. */
const DESCRIPTORS_HINT =
  "raise the limit of open files (LimitNOFILE= of the unit, ulimit -n)";

/** A connection as `front` uses it. */
export type ServedConnection = Pick<
  HttpConnection,
  "read" | "write" | "closeWrite" | "close"
>;

/** A connection that is not served. */
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
  /** The servers of peers without access. */
  readonly #strangers = new Set<OnePeerServer>();
  #made = 0;

  /** @param options See {@link HttpServersOptions}. */
  constructor(options: HttpServersOptions) {
    this.#options = options;
  }

  /**
   * Creates a connection to a server that answers its requests.
   *
   * @param path Prefix of the paths of sockets, each of which exists for a
   * moment.
   * @param peer The peer that sends the requests.
   * @returns An ended connection if too many peers without access are
   * connected.
   * @throws {RuntimeError} when the system has no room for a connection now.
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

  /** @param connection Used by nobody else, like the server. */
  constructor(connection: Deno.UnixConn, server: OnePeerServer) {
    this.#connection = connection;
    this.#server = server;
    server.onLate = () => this.close();
  }

  /** Implements `ByteConnection.read`. */
  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number> {
    try {
      return await this.#connection.read(buffer) ?? 0;
    } catch (error) {
      return ifGone(error, 0);
    }
  }

  /** Implements `ByteConnection.write`. */
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

  /** Closes the connection: the peer is gone and needs no answers any more. */
  closeWrite(): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** Implements `ByteConnection.close`. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#server.end();
    this.#connection.close();
  }
}

type Timer = ReturnType<typeof setTimeout>;

/** A server for the first connection. */
class OnePeerServer {
  /** Resolves once the server has ended. */
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
        // The peer left during the answer.
        onError: () => new Response(null, { status: 500 }),
      },
      (request, { completed }) =>
        this.#answer(completed, () => answer(request, peer)),
    );
    // Without a descriptor it can't accept its connection, and ends.
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
    // It rejects when the peer is gone; then there is nothing to wait for.
    const settled = () => {
      this.#answering--;
      if (this.#answering > 0 || this.#stop.signal.aborted) return;
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => this.end(), idleMs);
    };
    completed.then(settled, settled);
    const left = maxRequests - ++this.#requests;
    if (left < 0) return new Response(null, { status: 429 });
    const response = await answer();
    if (left === 0) {
      // Deno.serve passes the header on, but does not act on it.
      response.headers.set("connection", "close");
      const end = () => this.end();
      completed.then(end, end);
    }
    return response;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Any error of the system means that the connection is gone. */
function ifGone<T>(error: unknown, value: T): T {
  // The system's errors have classes of Deno's, or none; a TypeError is a bug
  // of ours.
  if (!(error instanceof Error) || error instanceof TypeError) throw error;
  return value;
}
