/**
 * A hand-written ZMTP peer that can send what no library would, and detects
 * when the other end hangs up.
 *
 * @see {@link https://rfc.zeromq.org/spec/23/ | RFC 23}
 * @module
 */

const ENCODER = new TextEncoder();
const GREETING_BYTES = 64;
const COMMAND = 4;
const LONG = 2;
const MORE = 1;

/** A DEALER on a plain connection. */
export class ZmtpPeer implements Disposable {
  /** Number of bytes sent. */
  written = 0;
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** @param url As in `tcp://127.0.0.1:5678`. */
  static async connect(url: string): Promise<ZmtpPeer> {
    const { hostname, port } = new URL(url.replace(/^tcp/, "http"));
    const connection = await Deno.connect({ hostname, port: Number(port) });
    const peer = new ZmtpPeer(connection);
    const greeting = new Uint8Array(GREETING_BYTES);
    greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]);
    greeting.set(ENCODER.encode("NULL"), 12);
    await peer.#write(greeting);
    await peer.#write(frame(COMMAND, READY));
    return peer;
  }

  /** Sends a message; the other end may hang up in the middle. */
  async send(...frames: Uint8Array[]): Promise<void> {
    for (const [index, body] of frames.entries()) {
      await this.#write(frame(index < frames.length - 1 ? MORE : 0, body));
    }
  }

  /** Asks the other end for a PONG. */
  async ping(): Promise<void> {
    await this.#write(frame(COMMAND, PING));
  }

  /** Resolves once the other end has hung up. */
  async hungUp(): Promise<void> {
    const bytes = new Uint8Array(1_024);
    try {
      while (await this.#connection.read(bytes) !== null);
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    try {
      while (rest.length > 0) {
        const count = await this.#connection.write(rest);
        this.written += count;
        rest = rest.subarray(count);
      }
    } catch (error) {
      const isHungUp = error instanceof Deno.errors.BrokenPipe ||
        error instanceof Deno.errors.ConnectionReset;
      if (!isHungUp) throw error;
    }
  }
}

/** The READY command. */
const READY = Uint8Array.from([
  5,
  ...ENCODER.encode("READY"),
  11,
  ...ENCODER.encode("Socket-Type"),
  0,
  0,
  0,
  6,
  ...ENCODER.encode("DEALER"),
]);

/** The PING command, with a time to live of 0. */
const PING = Uint8Array.from([4, ...ENCODER.encode("PING"), 0, 0]);

function frame(flags: number, body: Uint8Array): Uint8Array {
  const isLong = body.length > 255;
  const head = new Uint8Array(isLong ? 9 : 2);
  const view = new DataView(head.buffer);
  view.setUint8(0, flags | (isLong ? LONG : 0));
  if (isLong) view.setBigUint64(1, BigInt(body.length));
  else view.setUint8(1, body.length);
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head);
  whole.set(body, head.length);
  return whole;
}
