/**
 * A server that receives heartbeats and webhooks.
 *
 * @module
 */

/** A received request. */
export interface ToldRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** Serves on loopback, and stores the requests. */
export class ToldServer implements AsyncDisposable {
  /** The requests, oldest first. */
  readonly requests: ToldRequest[] = [];
  /** The status of its answers. */
  status = 200;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        const { pathname: path } = new URL(request.url);
        const body = await request.text();
        this.requests.push({ method: request.method, path, body });
        return new Response(null, { status: this.status });
      },
    );
  }

  /** URL of a path. */
  url(path: string): string {
    return `http://127.0.0.1:${this.#server.addr.port}${path}`;
  }

  /** The received events, each with its program. */
  get events(): readonly Readonly<Record<string, unknown>>[] {
    return this.requests.filter(({ body }) => body !== "").flatMap(
      ({ body }) => {
        const { events, program } = JSON.parse(body);
        return events.map((event: object) => ({ program, ...event }));
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
