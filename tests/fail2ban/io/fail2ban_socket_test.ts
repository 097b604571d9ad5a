import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { END_MARKER } from "../../../lib/fail2ban/pickle.ts";
import {
  Fail2banSocket,
  type Fail2banSocketOptions,
} from "../../../lib/fail2ban/io/fail2ban_socket.ts";
import {
  answer,
  type Behaviour,
  Fail2banPeer,
  writeAll,
} from "../../support/fail2ban/fail2ban_peer.ts";
import { bytesOf } from "../../support/values/pickle_samples.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const PONG = "\x80\x02K\0U\x04pong\x86.";
const SIGNAL = new AbortController().signal;

/** Says pong, whatever it is told, and stays. */
const stays: Behaviour = async (connection) => {
  await answer(connection, PONG);
  return "keep";
};
/** Says pong and goes, as fail2ban did up to 0.9.2. */
const goes: Behaviour = async (connection) => {
  await answer(connection, PONG);
  return "hang up";
};

type Timeouts = Omit<Fail2banSocketOptions, "path">;

/** A socket, and the peer at its other end. */
class Setup implements AsyncDisposable {
  readonly path: string;
  readonly peer: Fail2banPeer;
  readonly socket: Fail2banSocket;
  readonly #dir: TempDir;

  private constructor(
    dir: TempDir,
    behaviour: Behaviour,
    timeouts: Timeouts,
  ) {
    this.#dir = dir;
    this.path = dir.path("fail2ban.sock");
    this.peer = new Fail2banPeer(this.path, behaviour);
    this.socket = new Fail2banSocket({ path: this.path, ...timeouts });
  }

  static async create(
    behaviour: Behaviour,
    timeouts: Timeouts = {},
  ): Promise<Setup> {
    return new Setup(await TempDir.create(), behaviour, timeouts);
  }

  /** Says ping. */
  async ping(signal = SIGNAL): Promise<unknown> {
    const reply = await this.socket.command(["ping"], signal);
    return reply.kind === "done" && reply.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.socket[Symbol.asyncDispose]();
    await this.peer[Symbol.asyncDispose]();
    await this.#dir[Symbol.asyncDispose]();
  }
}

Deno.test("commands take one connection, which ends with a goodbye", async () => {
  await using setup = await Setup.create(async (connection, [word]) => {
    if (word !== "goodbye") await answer(connection, PONG);
    return word === "goodbye" ? "hang up" : "keep";
  });
  for (let times = 0; times < 3; times++) {
    strictEqual(await setup.ping(), "pong");
  }
  await setup.socket.command(["set", "sshd", "banip", "::2"], SIGNAL);
  await setup.socket[Symbol.asyncDispose]();
  await setup.peer.hungUp();
  strictEqual(setup.peer.connections, 1);
  deepStrictEqual(setup.peer.heard, [
    ...["ping", "ping", "ping"],
    ...["set sshd banip ::2", "goodbye"],
  ]);
});

Deno.test("a fail2ban that hangs up after every answer gets a connection for each command", async () => {
  await using setup = await Setup.create(goes);
  for (let times = 1; times <= 3; times++) {
    strictEqual(await setup.ping(), "pong");
    await setup.peer.hungUp();
    strictEqual(setup.peer.connections, times);
  }
  deepStrictEqual(setup.peer.heard, ["ping", "ping", "ping"]);
});

Deno.test("a connection that was lost meanwhile is made anew", async () => {
  await using setup = await Setup.create(stays);
  strictEqual(await setup.ping(), "pong");
  await setup.peer.hangUp();
  strictEqual(await setup.ping(), "pong");
  strictEqual(setup.peer.connections, 2);
});

Deno.test("an answer may come in pieces, cut anywhere, and be long", async () => {
  const text = "x".repeat(100_000);
  const length = "\xa0\x86\x01\0";
  const bytes = bytesOf(`\x80\x02K\0T${length}${text}\x86.${END_MARKER}`);
  const cuts = [1, 3, 4_096, 50_000, bytes.length - 16, bytes.length - 1];
  await using setup = await Setup.create(async (connection) => {
    let start = 0;
    for (const end of [...cuts, bytes.length]) {
      await writeAll(connection, bytes.subarray(start, end));
      start = end;
    }
    return "keep";
  });
  strictEqual(await setup.ping(), text);
  strictEqual(await setup.ping(), text);
});

/** What may be wrong, and what is said of it. */
const TROUBLES: Readonly<
  Record<string, { readonly behaviour: Behaviour; readonly message: RegExp }>
> = {
  "it is stopping": {
    behaviour: async (connection) => {
      await answer(connection, "\x80\x02]U\x08SHUTDOWNa.");
      return "keep";
    },
    message: /^fail2ban is stopping$/,
  },
  "it hangs up instead of answering": {
    behaviour: () => Promise.resolve("hang up"),
    message: /^fail2ban's socket \S+ hung up$/,
  },
  "it hangs up within the answer": {
    behaviour: async (connection) => {
      await writeAll(connection, bytesOf(PONG));
      return "hang up";
    },
    message: /^fail2ban hung up within its answer$/,
  },
  "it says what nobody understands": {
    behaviour: async (connection) => {
      await answer(connection, "HTTP/1.1 400 Bad Request\r\n\r\n");
      return "keep";
    },
    message: /^fail2ban's answer is not understood$/,
  },
  "it says what would run a command": {
    behaviour: async (connection) => {
      await answer(connection, "cos\nsystem\n(S'touch /tmp/x'\ntR.");
      return "keep";
    },
    message: /^fail2ban's answer is not understood$/,
  },
  "it does not stop to answer": {
    behaviour: async (connection) => {
      const block = new Uint8Array(1_048_576).fill(0x4e);
      while (true) await writeAll(connection, block);
    },
    message: /^fail2ban's answer is too long$/,
  },
};

for (const [what, { behaviour, message }] of Object.entries(TROUBLES)) {
  Deno.test(`trouble with fail2ban is told, and over with the next connection: ${what}`, async () => {
    let isTrouble = true;
    await using setup = await Setup.create((connection, words) =>
      (isTrouble ? behaviour : stays)(connection, words)
    );
    const { socket } = setup;
    await rejects(socket.command(["ping"], SIGNAL), (error) => {
      ok(
        error instanceof RuntimeError && message.test(error.message),
        `${error}`,
      );
      return true;
    });
    isTrouble = false;
    const reply = await socket.command(["ping"], SIGNAL);
    deepStrictEqual(reply, { kind: "done", value: "pong" });
    strictEqual(setup.peer.connections, 2);
  });
}

Deno.test("a fail2ban that does not answer is given up, a ban later than a question", async () => {
  const answers: PromiseWithResolvers<void>[] = [];
  await using setup = await Setup.create(async () => {
    const waiting = Promise.withResolvers<void>();
    answers.push(waiting);
    await waiting.promise;
    return "hang up";
  }, { questionTimeoutMs: 100, actionTimeoutMs: 300 });
  const startMs = performance.now();
  await rejects(setup.ping(), /does not answer within 0\.1 s$/);
  const askedMs = performance.now() - startMs;
  await rejects(
    setup.socket.command(["set", "sshd", "banip", "::2"], SIGNAL),
    /does not answer within 0\.3 s$/,
  );
  const orderedMs = performance.now() - startMs - askedMs;
  ok(askedMs >= 95 && orderedMs >= 290, `${askedMs} ms, ${orderedMs} ms`);
  for (const { resolve } of answers) resolve();
});

Deno.test("a stop ends the wait for an answer, with its reason", async () => {
  const heard = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  await using setup = await Setup.create(async () => {
    heard.resolve();
    await over.promise;
    return "hang up";
  });
  const stop = new AbortController();
  const asking = setup.socket.command(
    ["set", "a", "banip", "::2"],
    stop.signal,
  );
  await heard.promise;
  stop.abort(new Error("stopped"));
  await rejects(asking, /stopped/);
  over.resolve();
  await rejects(setup.ping(stop.signal), /stopped/);
});

Deno.test("what is no command never reaches the socket", async () => {
  await using setup = await Setup.create(stays);
  const { socket } = setup;
  const hostile = [
    ["set", "sshd", "banip", `192.0.2.1${END_MARKER}cos\nsystem\n.`],
    ["set", "sshd", "banip", "192.0.2.1\n2026-11-22 [sshd] Ban 192.0.2.2"],
    ["set", "logtarget", "banip", "192.0.2.1"],
    ["set", "sshd", "unbanip", "example.net"],
    ["set", "sshd", "bantime", "__import__('os').getpid()"],
    ["stop"],
  ];
  for (const words of hostile) {
    await rejects(socket.command(words, SIGNAL), RangeError);
  }
  strictEqual(setup.peer.connections, 0);
});

Deno.test("a second command while one is in flight is a bug", async () => {
  await using setup = await Setup.create(stays);
  const first = setup.ping();
  await rejects(setup.ping(), /another command waits/);
  strictEqual(await first, "pong");
});

Deno.test("a socket that is not there, dead or closed to us is told apart", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("fail2ban.sock");
  await using socket = new Fail2banSocket({ path });
  const failsWith = async (message: RegExp) => {
    await rejects(socket.command(["ping"], SIGNAL), (error) => {
      ok(
        error instanceof RuntimeError && message.test(error.message),
        `${error}`,
      );
      ok(error.hint !== undefined);
      return true;
    });
  };
  await failsWith(/ is not there$/);
  await Deno.writeTextFile(path, "");
  await failsWith(/ has nobody listening$/);
});
