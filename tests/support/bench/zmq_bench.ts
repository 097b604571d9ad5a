import { LibcPoll } from "../../../lib/zmq/io/libc_poll.ts";
import { ZmqContext } from "../../../lib/zmq/io/zmq_socket.ts";
import type {
  BoundSocket,
  Frames,
  MessageSocket,
  SocketLimits,
} from "../../../lib/zmq/ports.ts";
import { deadlineSignal } from "../host/deadline.ts";
import { frames, texts } from "../memory/memory_socket.ts";

const HELLO = "hello?";

/** Real sockets, with a deadline for all waits. */
export class ZmqBench implements AsyncDisposable {
  /** So long that the bound can't hide a lost wake-up. */
  readonly poll = new LibcPoll({ boundMs: 60_000 });
  readonly context = new ZmqContext(this.poll);
  readonly signal: AbortSignal;
  readonly limits: SocketLimits = { maxMessageBytes: 1 << 20 };

  /**
   * @param lastsMs Time limit of the whole bench on a quiet machine, in
   * milliseconds.
   */
  constructor(lastsMs = 30_000) {
    this.signal = deadlineSignal(lastsMs);
  }

  /** A ROUTER and a DEALER that is connected to it. */
  pair(
    limits: Partial<SocketLimits> = {},
    url = "tcp://127.0.0.1:*",
  ): { router: BoundSocket; dealer: MessageSocket } {
    const all = { ...this.limits, ...limits };
    const router = this.context.router(url, all);
    return { router, dealer: this.context.dealer(router.endpoint, all) };
  }

  /** Sends a question, echoes it as the answer, and returns the answer. */
  async roundTrip(
    { router, dealer }: { router: MessageSocket; dealer: MessageSocket },
    question: string,
  ): Promise<string[]> {
    await dealer.send(frames(question), this.signal);
    await router.send(await router.receive(this.signal), this.signal);
    return texts(await dealer.receive(this.signal));
  }

  /** Publishes until a subscriber of everything receives a message. */
  async untilHeard(
    publisher: MessageSocket,
    subscriber: MessageSocket,
  ): Promise<void> {
    const heard = subscriber.receive(this.signal);
    const timer = setInterval(() => {
      publisher.send(frames(HELLO), this.signal);
    }, 5);
    try {
      await heard;
    } finally {
      clearInterval(timer);
    }
  }

  /** The next message that is no greeting of {@link ZmqBench.untilHeard}. */
  async next(subscriber: MessageSocket): Promise<Frames> {
    while (true) {
      const message = await subscriber.receive(this.signal);
      if (texts(message)[0] !== HELLO) return message;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context[Symbol.asyncDispose]();
    await this.poll[Symbol.asyncDispose]();
  }
}

/** Whether a promise is still pending after a time. */
export async function isPending(
  promise: Promise<unknown>,
  afterMs = 100,
): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<true>((resolve) => {
    timer = setTimeout(() => resolve(true), afterMs);
  });
  const early = promise.then(() => false, () => false);
  const pending = await Promise.race([early, late]);
  clearTimeout(timer);
  return pending;
}
