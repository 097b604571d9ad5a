import { match, rejects, strictEqual } from "node:assert/strict";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { RuntimeError } from "../../../lib/base/errors.ts";
import {
  type HttpTarget,
  parseHttpTarget,
} from "../../../lib/http/http_target.ts";
import { NotTakenError } from "../../../lib/notify/answer_trouble.ts";
import { FetchAsker } from "../../../lib/notify/io/http_asker.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const CLOCK = new SystemClock();
const SECRET = "5f2c9d31337abc";
const GOES_ON = new AbortController().signal;

function target(port: number, scheme = "http", host = "127.0.0.1"): HttpTarget {
  const read = parseHttpTarget(`${scheme}://${host}:${port}/hook/${SECRET}`);
  if (read === undefined) throw new TypeError("Cannot read the URL");
  return read;
}

/** Whom nobody trusts, and for whom. */
async function certificate(dir: string, name: string) {
  const [key, cert] = [`${dir}/${name}.key`, `${dir}/${name}.pem`];
  const { success } = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt"],
      ...["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-keyout", key, "-out", cert, "-subj", `/CN=${name}`],
      ...["-addext", `subjectAltName=DNS:${name}`],
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
    ],
    ...{ stdout: "null", stderr: "null" },
  }).output();
  strictEqual(success, true);
  return {
    path: cert,
    key: await Deno.readTextFile(key),
    cert: await Deno.readTextFile(cert),
  };
}

/** Options of a server; the runtime writes its port into what it is given. */
const quiet = () => ({ hostname: "127.0.0.1", port: 0, onListen: () => {} });

Deno.test("FetchAsker asks by GET, or tells JSON by POST, and takes any answer of 200 to 299", async () => {
  const asked: string[] = [];
  await using server = Deno.serve(quiet(), async (request) => {
    const type = request.headers.get("content-type");
    asked.push(`${request.method} ${type} ${await request.text()}`);
    return new Response("a page of text", { status: asked.length + 199 });
  });
  const place = { target: target(server.addr.port), timeoutMs: 10_000 };
  const asker = new FetchAsker(CLOCK);
  await asker.ask(place, GOES_ON);
  await asker.ask({ ...place, json: '{"a":1}' }, GOES_ON);
  strictEqual(asked.join("; "), 'GET null ; POST application/json {"a":1}');
});

Deno.test("FetchAsker says what an answer means, follows no redirect, and never shows the URL's secret", async () => {
  let [status, requests] = [0, 0];
  await using server = Deno.serve(quiet(), () => {
    requests++;
    return new Response("no", { status, headers: { location: "/elsewhere" } });
  });
  const place = { target: target(server.addr.port), timeoutMs: 10_000 };
  const asker = new FetchAsker(CLOCK);
  const cases: readonly [number, boolean, RegExp][] = [
    [302, true, /redirect is not followed/],
    [400, true, /another form/],
    [404, true, /is the URL whole/],
    [418, true, /does not want it/],
    [429, false, /too often/],
    [500, false, /trouble of its own/],
  ];
  for (const [answer, isFinal, hint] of cases) {
    status = answer;
    await rejects(asker.ask(place, GOES_ON), (error) => {
      if (!(error instanceof RuntimeError)) return false;
      strictEqual(error instanceof NotTakenError, isFinal, `${answer}`);
      match(error.message, new RegExp(`^http://.*/\\*{8} answered ${answer}$`));
      match(error.hint ?? "", hint);
      return !`${error.stack}`.includes(SECRET);
    });
  }
  strictEqual(requests, cases.length);
});

Deno.test("FetchAsker says why nobody answers", async () => {
  using closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = closed.addr;
  closed.close();
  const cases: readonly [HttpTarget, RegExp][] = [
    [target(port), /nobody listens there/],
    [target(port, "http", "no-such-host.invalid"), /its name is not known/],
  ];
  await using server = Deno.serve(quiet(), () => new Response("ok"));
  const { port: plain } = server.addr;
  for (
    const [place, words] of [
      ...cases,
      [target(plain, "https"), /it does not speak TLS/] as const,
    ]
  ) {
    await rejects(
      new FetchAsker(CLOCK).ask({ target: place, timeoutMs: 10_000 }, GOES_ON),
      (error) => {
        if (!(error instanceof RuntimeError)) return false;
        match(error.message, words);
        return error.hint !== undefined && !`${error.stack}`.includes(SECRET);
      },
    );
  }
});

Deno.test("FetchAsker trusts whom this system trusts, for the name that a certificate has, and nobody else", async () => {
  await using dir = await TempDir.create();
  const own = await certificate(dir.path(), "localhost");
  const others = await certificate(dir.path(), "other.example");
  const ask = async (pem: { key: string; cert: string }, path: string) => {
    await using server = Deno.serve(
      { ...quiet(), key: pem.key, cert: pem.cert },
      () => new Response(),
    );
    const place = target(server.addr.port, "https", "localhost");
    await new FetchAsker(CLOCK, [path])
      .ask({ target: place, timeoutMs: 10_000 }, GOES_ON);
  };
  await ask(own, own.path);
  await rejects(ask(own, dir.path("none")), /no authority that this host/);
  await rejects(ask(others, others.path), /is for another name/);
});

Deno.test("FetchAsker waits no longer than it may, and ends at once when it is to", async () => {
  const over = Promise.withResolvers<Response>();
  await using server = Deno.serve(quiet(), () => over.promise);
  const place = target(server.addr.port);
  const asker = new FetchAsker(CLOCK);
  await rejects(
    asker.ask({ target: place, timeoutMs: 20 }, GOES_ON),
    /did not answer within 0\.02 s/,
  );
  const stop = new AbortController();
  const asking = asker.ask({ target: place, timeoutMs: 60_000 }, stop.signal);
  stop.abort("stop");
  await rejects(asking, (reason) => reason === "stop");
  over.resolve(new Response());
});

Deno.test("FetchAsker says which file of authorities can't be read", async () => {
  await using dir = await TempDir.create();
  const target = { url: "https://127.0.0.1:1/", shown: "https://127.0.0.1:1/" };
  await rejects(
    new FetchAsker(CLOCK, [dir.path()]).ask(
      { target, timeoutMs: 10_000 },
      GOES_ON,
    ),
    (error) =>
      error instanceof RuntimeError && /can't be read/.test(error.message),
  );
});
