import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { type HttpAnswer, textAnswer } from "../../../lib/http/http_request.ts";
import { serveHttp } from "../../support/cluster/http_port.ts";
import { freePort } from "../../support/host/test_ports.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const HEAD = "GET /list/a HTTP/1.1\r\nHost: h\r\n";
const LONG = Uint8Array.from({ length: 8_000_000 }, (_, at) => 97 + at % 26);

function longAnswer(): HttpAnswer {
  const headers = {
    "content-type": "text/plain",
    "cache-control": "no-transform",
  };
  return { status: 200, headers, body: LONG };
}

/** Says something, and gives what comes until the other end says no more, or nothing comes for the time. */
async function said(
  options: Deno.ConnectOptions | Deno.UnixConnectOptions,
  text: string,
  { until = (_all: string): boolean => false } = {},
): Promise<string> {
  using connection = "path" in options
    ? await Deno.connect(options)
    : await Deno.connect(options);
  await connection.write(new TextEncoder().encode(text));
  let all = "";
  const buffer = new Uint8Array(65_536);
  const decoder = new TextDecoder();
  try {
    while (!until(all)) {
      const count = await connection.read(buffer);
      if (count === null) break;
      all += decoder.decode(buffer.subarray(0, count), { stream: true });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  return all;
}

const isWhole = (all: string) => all.includes("\r\n\r\n");

Deno.test("HTTP tells who asks, whatever is said of it, and IPv4 over IPv6 is IPv4", async () => {
  await using dir = await TempDir.create();
  const port = freePort();
  const peers: string[] = [];
  await using _served = serveHttp(`tcp://*:${port}`, dir.path(), {
    answer: ({ peer }) => (peers.push(peer), textAnswer(200, peer)),
  });
  const headers = {
    "x-forwarded-for": "192.0.2.9",
    forwarded: "for=192.0.2.9",
  };
  for (const host of ["127.0.0.1", "[::1]"]) {
    const response = await fetch(`http://${host}:${port}/a`, { headers });
    strictEqual(response.status, 200);
    await response.text();
  }
  deepStrictEqual(peers, ["127.0.0.1", "::1"]);
});

Deno.test("HTTP over a Unix socket is for whoever may open it, by any client", async () => {
  await using dir = await TempDir.create();
  const path = `${dir.path()}/s.sock`;
  await using _served = serveHttp(`ipc://${path}`, dir.path(), {
    answer: ({ peer }) => textAnswer(200, `for ${peer}`),
  });
  const answer = await said({ transport: "unix", path }, `${HEAD}\r\n`, {
    until: (all) => all.endsWith("for local\n"),
  });
  match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  const { code, stdout } = await new Deno.Command("curl", {
    args: ["-sS", "--compressed", "--unix-socket", path, "http://h/list/a"],
    stdout: "piped",
  }).output();
  deepStrictEqual([code, new TextDecoder().decode(stdout)], [0, "for local\n"]);
});

Deno.test("HTTP sends a long answer whole and with its length, by GET, and none of it by HEAD", async () => {
  await using dir = await TempDir.create();
  const port = freePort();
  await using _served = serveHttp(`tcp://127.0.0.1:${port}`, dir.path(), {
    answer: longAnswer,
  });
  const url = `http://127.0.0.1:${port}/a`;
  const got = await fetch(url);
  strictEqual(got.headers.get("content-length"), `${LONG.length}`);
  strictEqual(got.headers.get("transfer-encoding"), null);
  deepStrictEqual(new Uint8Array(await got.arrayBuffer()), LONG);
  const head = await said(
    { hostname: "127.0.0.1", port },
    "HEAD /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    { until: isWhole },
  );
  match(head, new RegExp(`\\r\\ncontent-length: ${LONG.length}\\r\\n`));
  ok(head.endsWith("\r\n\r\n"));
});

Deno.test("HTTP answers junk with 4xx or an end, and goes on for others", async () => {
  await using dir = await TempDir.create();
  const port = freePort();
  await using served = serveHttp(`tcp://127.0.0.1:${port}`, dir.path(), {
    answer: ({ path }) =>
      path === "/list/a" ? textAnswer(200, "a") : textAnswer(404, "none"),
  });
  const ask = (text: string) =>
    said({ hostname: "127.0.0.1", port }, text, { until: isWhole });
  for (
    const [text, status] of [
      ["junk\r\n\r\n", /^(?:HTTP\/1\.1 4|$)/],
      [`${HEAD}Host: i\r\n\r\n`, /^HTTP\/1\.1 400/],
      ["GET /list/a HTTP/1.1\r\nHost: a b/c\r\n\r\n", /^HTTP\/1\.1 400/],
      ["GET /list/a HTTP/1.1\r\nHost: \u0000\r\n\r\n", /^HTTP\/1\.1 400/],
      ["GET /list/../list/a HTTP/1.1\r\nHost: h\r\n\r\n", /^HTTP\/1\.1 404/],
      [
        "GET /list/%2e%2e/list/a HTTP/1.1\r\nHost: h\r\n\r\n",
        /^HTTP\/1\.1 404/,
      ],
      ["GET /../../etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n", /^HTTP\/1\.1 404/],
      ["CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", /^HTTP\/1\.1 4/],
      ["OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", /^HTTP\/1\.1 405/],
      [`${HEAD}X-A: ${"y".repeat(9_000)}\r\n\r\n`, /^HTTP\/1\.1 431/],
      [`${HEAD}${"X: y\r\n".repeat(300)}\r\n`, /^HTTP\/1\.1 4/],
      [
        HEAD.replace("GET", "POST") + "Content-Length: 5\r\n\r\nhello",
        /^HTTP\/1\.1 413/,
      ],
      [
        `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
        /^HTTP\/1\.1 413/,
      ],
      [`${HEAD}\r\n`, /^HTTP\/1\.1 200/],
      ["GET /list/a HTTP/1.0\r\n\r\n", /^HTTP\/1\.[01] 200/],
    ] as const
  ) match(await ask(text), status, text.slice(0, 60));
  // A body, or headers, without measure: the connection is cut.
  const big = `${HEAD.replace("GET", "POST")}Content-Length: 10000000\r\n\r\n`;
  await said({ hostname: "127.0.0.1", port }, big + "z".repeat(100_000));
  await said(
    { hostname: "127.0.0.1", port },
    HEAD + `X: ${"z".repeat(100_000)}`,
  );
  ok(served.front.counters.saidTooMuch >= 1);
  match(await ask(`${HEAD}\r\n`), /^HTTP\/1\.1 200/);
});

Deno.test("HTTP cuts who says nothing, and who never ends a request", async () => {
  await using dir = await TempDir.create();
  const port = freePort();
  await using _served = serveHttp(`tcp://127.0.0.1:${port}`, dir.path(), {
    answer: longAnswer,
    limits: { idleMs: 300 },
  });
  const to = { hostname: "127.0.0.1", port };
  strictEqual(await said(to, ""), "");
  strictEqual(await said(to, HEAD), "");
});

for (
  const [what, limits, pauseMs] of [
    ["nothing of an answer", { stallMs: 500 }, Infinity],
    ["it too slowly", { limits: { totalMs: 1_000 } }, 5],
  ] as const
) {
  Deno.test(`HTTP cuts who takes ${what}`, async () => {
    await using dir = await TempDir.create();
    const port = freePort();
    // More than the system holds for a peer.
    const body = new Uint8Array(64_000_000);
    await using served = serveHttp(`tcp://127.0.0.1:${port}`, dir.path(), {
      answer: () => ({ ...longAnswer(), body }),
      ...limits,
    });
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode(`${HEAD}\r\n`));
    await waitUntil(() => served.front.size === 1, { what: "the peer" });
    const taken = pauseMs === Infinity ? 0 : await take(connection, pauseMs);
    await waitUntil(() => served.front.size === 0, { what: "its end" });
    strictEqual(served.front.counters.tookNothing, taken === 0 ? 1 : 0);
    ok(taken < body.length, `${taken} bytes`);
  });
}

/** Takes a little at a time to the end. @returns How many bytes. */
async function take(connection: Deno.Conn, pauseMs: number): Promise<number> {
  let taken = 0;
  const buffer = new Uint8Array(65_536);
  try {
    while (true) {
      const count = await connection.read(buffer);
      if (count === null) return taken;
      taken += count;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionReset) return taken;
    throw error;
  }
}

Deno.test("HTTP takes so many connections of an address and no more, and no more requests of one than it should", async () => {
  await using dir = await TempDir.create();
  const port = freePort();
  await using served = serveHttp(`tcp://127.0.0.1:${port}`, dir.path(), {
    answer: () => textAnswer(200, "a"),
    limits: { maxRequests: 3 },
  });
  const to = { hostname: "127.0.0.1", port };
  await using open = new AsyncDisposableStack();
  for (let count = 0; count < 40; count++) open.use(await Deno.connect(to));
  await waitUntil(() => served.front.counters.turnedAway === 8, {
    what: () => `8 turned away, not ${served.front.counters.turnedAway}`,
  });
  strictEqual(served.front.size, 32);
  await open.disposeAsync();
  await waitUntil(() => served.front.size === 0, { what: "their end" });
  const many = await said(to, `${HEAD}\r\n`.repeat(20));
  deepStrictEqual(many.match(/HTTP\/1\.1 \d+|connection: close/g), [
    ...["HTTP/1.1 200", "HTTP/1.1 200"],
    ...["HTTP/1.1 200", "connection: close"],
  ]);
});

Deno.test("HTTP refuses no request of a client that asks again and again, and each answer is whole", async () => {
  await using dir = await TempDir.create();
  const port = freePort();
  await using _served = serveHttp(`tcp://127.0.0.1:${port}`, dir.path(), {
    answer: longAnswer,
    limits: { maxRequests: 3 },
  });
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 1 });
  for (let times = 0; times < 10; times++) {
    const response = await fetch(`http://127.0.0.1:${port}/a`, { client });
    strictEqual(response.status, 200);
    strictEqual((await response.bytes()).length, LONG.length);
  }
});

Deno.test("HTTP ends, whatever is on its way", async () => {
  await using dir = await TempDir.create();
  const port = freePort();
  const to = { hostname: "127.0.0.1", port };
  await using open = new AsyncDisposableStack();
  const served = serveHttp(`tcp://127.0.0.1:${port}`, dir.path(), {
    answer: ({ path }) =>
      path === "/never" ? new Promise(() => {}) : longAnswer(),
  });
  for (const path of ["/never", "/long", "/"]) {
    const connection = open.use(await Deno.connect(to));
    const text = path === "/" ? "" : HEAD.replace("/list/a", path) + "\r\n";
    await connection.write(new TextEncoder().encode(text));
  }
  await waitUntil(() => served.front.size === 3, { what: "three peers" });
  await served[Symbol.asyncDispose]();
  strictEqual(served.front.size, 0);
});

Deno.test("HTTP serves few of those to whom nothing is told, however many connect, and everybody else meanwhile", async () => {
  await using dir = await TempDir.create();
  const port = freePort();
  await using served = serveHttp(`tcp://*:${port}`, dir.path(), {
    answer: ({ peer }) => textAnswer(200, peer),
    isKnown: (peer) => peer === "127.0.0.1",
    limits: { maxOfStrangers: 2 },
  });
  const stranger = { hostname: "::1", port };
  using idle = new DisposableStack();
  const first = [
    idle.use(await Deno.connect(stranger)),
    idle.use(await Deno.connect(stranger)),
  ];
  await waitUntil(() => served.front.size === 2, { what: "two strangers" });
  // Nothing is answered, and the place of each is free at once.
  for (let times = 0; times < 40; times++) {
    idle.use(await Deno.connect(stranger));
  }
  await waitUntil(() => served.front.size === 2, { what: "no more of them" });
  const known = await fetch(`http://127.0.0.1:${port}/a`);
  strictEqual(await known.text(), "127.0.0.1\n");
  // Once one of them goes there is room for another.
  first[0]?.close();
  await waitUntil(
    async () =>
      (await said(stranger, `${HEAD}\r\n`, {
        until: (all) => all.endsWith("::1\n"),
      })).endsWith("::1\n"),
    { what: "a stranger's answer" },
  );
});

Deno.test("HTTP for which there is no descriptor is refused, or ends, and the process goes on", async () => {
  const program = new URL(
    "../../support/cluster/programs/full_http.ts",
    import.meta.url,
  ).pathname;
  // Each takes three: whichever of them is lacking.
  for (const files of ["1", "2", "3"]) {
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: [
        ...["-c", 'ulimit -n 200 && exec "$0" "$@"', Deno.execPath()],
        ...["run", "--quiet", "--no-check", "--cached-only", "--allow-all"],
        ...[decodeURIComponent(program), files],
      ],
      stdin: "null",
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    strictEqual(code, 0, err);
    match(out ?? "", /^(?:(?:served|ended|refused)\n){3}done\n$/);
  }
});
