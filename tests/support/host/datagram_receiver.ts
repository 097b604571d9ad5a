import { waitUntil } from "./wait_until.ts";

/** A received datagram. */
export interface ReceivedDatagram {
  readonly text: string;
  /** Time of arrival, by `performance.now()`. */
  readonly atMs: number;
}

/** A socket like that of a syslog daemon or service manager. */
export class DatagramReceiver implements AsyncDisposable {
  /** The received datagrams, oldest first. */
  readonly datagrams: ReceivedDatagram[] = [];
  readonly #path: string;
  readonly #socket: Deno.DatagramConn;
  readonly #receiving: Promise<void>;

  /** @param path The path to listen on, which must not exist. */
  constructor(path: string) {
    this.#path = path;
    this.#socket = Deno.listenDatagram({ transport: "unixpacket", path });
    this.#receiving = this.#receive();
  }

  /** The texts of the datagrams. */
  get texts(): string[] {
    return this.datagrams.map(({ text }) => text);
  }

  /** Waits for a text. */
  async waitFor(pattern: RegExp, timeoutMs = 15_000): Promise<string> {
    return await waitUntil(
      () => this.texts.find((text) => pattern.test(text)),
      { what: `${pattern} on ${this.#path}`, timeoutMs },
    );
  }

  /** Waits for a number of datagrams. */
  async waitForCount(count: number): Promise<void> {
    await waitUntil(() => this.datagrams.length >= count, {
      what: `${count} datagrams on ${this.#path}`,
    });
  }

  async #receive(): Promise<void> {
    for await (const [bytes] of this.#socket) {
      const text = new TextDecoder().decode(bytes);
      this.datagrams.push({ text, atMs: performance.now() });
    }
  }

  /** Closes the socket and removes its name. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#receiving;
    await Deno.remove(this.#path);
  }
}
