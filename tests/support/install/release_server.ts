/**
 * A download site for releases, on loopback.
 *
 * @module
 */

/** Serves the files of a folder. */
export class ReleaseServer implements AsyncDisposable {
  /** Base URL of the releases. */
  readonly url: string;
  /** The requested paths. */
  readonly asked: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** @param dir The folder. */
  constructor(dir: string) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        const { pathname } = new URL(request.url);
        this.asked.push(pathname);
        try {
          return new Response(await Deno.readFile(`${dir}${pathname}`));
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
          return new Response(null, { status: 404 });
        }
      },
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
