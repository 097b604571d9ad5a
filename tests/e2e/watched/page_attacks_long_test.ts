import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { MAX_LIVE } from "../../../lib/page/page_service.ts";
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import {
  codeOf,
  cookieOf,
  postTo,
  startPageCluster,
} from "../../support/page/page_cluster.ts";

/** What comes back for bytes that no client would send, until the other end closes or a head is whole. */
async function raw(url: string, text: string): Promise<string> {
  const { port } = new URL(url);
  using connection = await Deno.connect({ port: Number(port) });
  await connection.write(new TextEncoder().encode(text));
  const buffer = new Uint8Array(65_536);
  let all = "";
  try {
    while (!all.includes("\r\n\r\n")) {
      const count = await connection.read(buffer);
      if (count === null) break;
      all += new TextDecoder().decode(buffer.subarray(0, count));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  return all;
}

const UNBAN = {
  ...{ kind: "unban", address: "203.0.113.7", node: null },
  ...{ jail: null, local: false },
};

Deno.test("whoever attacks the page over its port gets nothing, and changes nothing", async () => {
  await using page = await startPageCluster(["web1"]);
  const { operated, url } = page;
  const cookie = await cookieOf(page);
  await appendLog(
    operated.cluster.logPath("web1"),
    banLine("sshd", "203.0.113.7"),
  );
  await operated.until("bans", ({ out }) => out.includes("203.0.113.7"));
  const host = new URL(url).host;

  // A name that means this host by now, as a browser would say it.
  const rebound = await raw(
    url,
    "GET / HTTP/1.1\r\nHost: attacker.example\r\n\r\n",
  );
  match(rebound, /^HTTP\/1\.1 421 /);
  // Another site, with the operator's cookie.
  for (const origin of ["http://attacker.example", "http://localhost:1"]) {
    const answer = await postTo(`${url}/api/ask`, UNBAN, { cookie, origin });
    strictEqual(answer.status, 403);
    await answer.text();
  }
  const code = await codeOf(operated);
  const inUrl = await fetch(`${url}/?code=${code}`);
  deepStrictEqual([inUrl.status, inUrl.headers.get("set-cookie")], [400, null]);
  await inUrl.text();
  for (
    const path of [
      ...["/../../etc/passwd", "/assets/../../../etc/passwd"],
      ...["/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd"],
    ]
  ) {
    const answer = await raw(
      url,
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    );
    match(answer, /^HTTP\/1\.1 404 /, path);
    ok(!answer.includes("root:"), path);
  }
  const split = await raw(
    url,
    `GET /x%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: ${host}\r\nX: a\r\n Set-Cookie: a=b\r\n\r\n`,
  );
  ok(!/^set-cookie:/im.test(split));
  const big = await raw(
    url,
    `POST /api/ask HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${url}\r\nCookie: ${cookie}\r\n` +
      `Content-Type: application/json\r\nContent-Length: 10485760\r\n\r\n${
        "x".repeat(50_000)
      }`,
  );
  match(big, /^HTTP\/1\.1 413 /);
  // Two lengths: which of them a proxy went by nobody knows.
  const smuggled = await raw(
    url,
    `POST /api/ask HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${url}\r\nCookie: ${cookie}\r\n` +
      "Content-Type: application/json\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\n{}",
  );
  match(smuggled, /^HTTP\/1\.1 400 |^$/);
  // Over loopback anybody may say that a proxy let somebody in.
  for (const name of ["root", "alice"]) {
    const forged = { "remote-user": name, "x-remote-user": name };
    const answer = await postTo(`${url}/api/ask`, UNBAN, forged);
    strictEqual(answer.status, 401);
    await answer.text();
  }
  // Five tries, and one more every 12 s; one may have been the login's.
  const began = performance.now();
  let wrong = 0;
  for (;;) {
    const answer = await postTo(`${url}/api/login`, {
      code: `${wrong}`.padStart(32, "0"),
    });
    await answer.text();
    if (answer.status === 429) break;
    strictEqual(answer.status, 403);
    wrong++;
  }
  const came = Math.ceil((performance.now() - began) / 12_000);
  ok(wrong >= 4 && wrong <= 5 + came, `${wrong} tries`);
  match((await operated.say("bans")).out, /203\.0\.113\.7/);
});

Deno.test("200 who follow, and others who say nothing, keep no browser out", async () => {
  await using page = await startPageCluster(["web1"]);
  const { operated, url } = page;
  const cookie = await cookieOf(page);
  const stop = new AbortController();
  const host = new URL(url).host;
  const answers = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const { signal } = stop;
      try {
        const answer = await fetch(`${url}/api/live`, {
          headers: { cookie },
          signal,
        });
        if (answer.status !== 200) await answer.body?.cancel();
        return answer;
      } catch (error) {
        // The port is full for the moment: it has the descriptors that others leave it.
        if (error instanceof TypeError) {
          return new Response(null, { status: 503 });
        }
        throw error;
      }
    }),
  );
  const live = answers.filter(({ status }) => status === 200);
  strictEqual(live.length, MAX_LIVE);
  strictEqual(answers.filter(({ status }) => status === 503).length, 150);
  const silent = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const connection = await Deno.connect({
        port: Number(new URL(url).port),
      });
      await connection.write(
        new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: ${host}\r\nX-`),
      );
      return connection;
    }),
  );
  // Whoever was refused is gone soon, and then there is room.
  const status = await waitUntil(
    () =>
      postTo(`${url}/api/ask`, { kind: "status" }, { cookie })
        .then((answer) => answer.text(), () => false as const),
    { what: "room for another browser", timeoutMs: 10_000 },
  );
  match(status, /^{"kind":"status",/);
  strictEqual((await operated.say("ban", "203.0.113.7")).code, 0);
  for (const each of silent) each.close();
  stop.abort();
  await Promise.allSettled(live.map(({ body }) => body?.cancel()));
  await waitUntil(
    async () => {
      const figures = await operated.cluster.figures("publisher", "hub");
      return figures["page.live"] === 0;
    },
    { what: "nobody who follows any more" },
  );
});

testWith(
  "setpriv",
  "over a Unix socket only its user and group get as far as the login, and a proxy there is believed who it names",
  async () => {
    await using dir = await TempDir.create();
    await Deno.chmod(dir.path(), 0o755);
    const path = dir.path("page.sock");
    await using operated = await OperatedCluster.start({
      hosts: [],
      publisher: {
        pagebindurl: `unix:${path}`,
        ...{ pagehosts: "bans.example.org", pageusers: "alice, bob:read" },
      },
    });
    strictEqual(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o660);
    const ask = async (...as: readonly string[]) => {
      const [command = "curl", ...args] = [
        ...as,
        ...["curl", "-sS", "--max-time", "10", "--unix-socket", path],
        "http://localhost/api/visit",
      ];
      const { code, stderr } = await new Deno.Command(command, { args })
        .output();
      return [code, new TextDecoder().decode(stderr)] as const;
    };
    const stranger = [
      "setpriv",
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
    ];
    const [code, words] = await ask(...stranger);
    strictEqual(code, 7, words);
    deepStrictEqual(await ask(), [0, ""]);
    const said = await operated.say("page", "login");
    strictEqual(said.code, 0);
    match(said.err, /ssh -L 9683:.*page\.sock HUB/);
    strictEqual((await operated.say("ban", "203.0.113.7")).code, 0);
    /** Sends what the page itself would, with a name from a proxy. */
    const unban = async (host: string, ...headers: readonly string[]) => {
      const all = [
        ...[`Host: ${host}`, `Origin: https://${host}`],
        ...["Content-Type: application/json", ...headers],
      ];
      const { stdout } = await new Deno.Command("curl", {
        args: [
          ...["-sS", "-o", "/dev/null", "-w", "%{http_code}"],
          ...["--unix-socket", path, "-d", JSON.stringify(UNBAN)],
          ...all.flatMap((each) => ["-H", each]),
          "http://localhost/api/ask",
        ],
      }).output();
      return new TextDecoder().decode(stdout);
    };
    const proxy = "bans.example.org";
    deepStrictEqual(
      [
        await unban(proxy),
        await unban("localhost", "Remote-User: alice"),
        await unban(proxy, "Remote_User: alice", "X-Remote-User: alice"),
        await unban(proxy, "Remote-User: root"),
        await unban(proxy, "Remote-User: alice", "Remote-User: bob"),
        await unban(proxy, "Remote-User: bob"),
      ],
      ["401", "401", "401", "403", "403", "403"],
    );
    match((await operated.say("bans")).out, /203\.0\.113\.7/);
    strictEqual(await unban(proxy, "Remote-User: alice"), "200");
    ok(!(await operated.say("bans")).out.includes("203.0.113.7"));
    match((await operated.say("audit")).out, /alice \(page\) +unban/);
  },
);

Deno.test("logins are given, listed, recorded and ended by the command", async () => {
  await using page = await startPageCluster(["web1"]);
  const { operated, url } = page;
  const cookie = await cookieOf(page, "--read-only", "--for", "2h");
  match(
    (await operated.say("page", "list")).out,
    /^USER +MAY +SINCE +UNTIL\n\S+ +read /,
  );
  const denied = await postTo(`${url}/api/ask`, UNBAN, { cookie });
  strictEqual(denied.status, 403);
  await denied.text();
  match((await operated.say("page", "logout")).err, /1 login ended/);
  const after = await postTo(`${url}/api/ask`, { kind: "status" }, { cookie });
  strictEqual(after.status, 401);
  await after.text();
  const writer = await cookieOf(page);
  const done = await postTo(`${url}/api/ask`, {
    ...{ kind: "allowAdd", network: "203.0.113.9", forMs: null, note: "a" },
  }, { cookie: writer });
  match(await done.text(), /"network":"203\.0\.113\.9"/);
  const banned = await postTo(`${url}/api/ask`, {
    ...{ kind: "ban", address: "203.0.113.7", forMs: 60_000 },
    ...{ reason: "", force: false },
  }, { cookie: writer });
  match(await banned.text(), /^{"kind":"steered","bans":1,/);
  const { out } = await operated.until(
    "audit",
    ({ out }) => out.includes("allow add"),
  );
  for (
    const pattern of [
      ...[/ page login +page +read only/, / page enter +page/],
      ...[/ page logout +all/, /\(page\) +ban +203\.0\.113\.7/],
      /\(page\) +allow add +203\.0\.113\.9/,
    ]
  ) match(out, pattern);
});
