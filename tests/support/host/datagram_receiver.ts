import { waitUntil } from "./wait_until.ts";

/** A datagram that came in. */
export interface ReceivedDatagram {
  readonly text: string;
  /** When, by `performance.now()`. */
  readonly atMs: number;
}

/** A socket such as a syslog daemon or a service manager listens on. */
export class DatagramReceiver implements AsyncDisposable {
  /** What came in so far, oldest first. */
  readonly datagrams: ReceivedDatagram[] = [];
  readonly #path: string;
  readonly #socket: Deno.DatagramConn;
  readonly #receiving: Promise<void>;

  /** @param path Where to listen; nothing may be there. */
  constructor(path: string) {
    this.#path = path;
    this.#socket = Deno.listenDatagram({ transport: "unixpacket", path });
    this.#receiving = this.#receive();
  }

  /** The texts of what came in. */
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

  /** Waits until so many came in. */
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

  /** Stops to listen; the socket's name goes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#receiving;
    await Deno.remove(this.#path);
  }
}
