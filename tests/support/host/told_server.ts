/**
 * A server that is told by heartbeats and webhooks.
 *
 * @module
 */

/** What somebody asked it. */
export interface ToldRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** Answers on loopback, and keeps what it is asked. */
export class ToldServer implements AsyncDisposable {
  /** What it was asked, oldest first. */
  readonly requests: ToldRequest[] = [];
  /** What it answers. */
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

  /** Where it is asked. */
  url(path: string): string {
    return `http://127.0.0.1:${this.#server.addr.port}${path}`;
  }

  /** The events that it was told of, with the program that told. */
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
