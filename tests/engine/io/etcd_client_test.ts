import { rejects, strictEqual, throws } from "node:assert/strict";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { EtcdClient } from "../../../lib/engine/io/etcd_client.ts";
import { EtcdLog } from "../../../lib/engine/etcd_log.ts";
import { EtcdSnapshots } from "../../../lib/engine/etcd_snapshots.ts";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { NoLogError } from "../../../lib/engine/shared_log.ts";
import { hostCertificate } from "../../support/engine/etcd_certificates.ts";
import {
  ANSWER_TIMEOUT_MS,
  EtcdServers,
} from "../../support/engine/etcd_servers.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { ManualClock } from "../../support/memory/manual_clock.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const clock = new SystemClock();
const { signal } = new AbortController();
const PASSWORD = "a-password";

/** Has only users in, one of which may use one prefix. */
async function closeFor(client: EtcdClient): Promise<void> {
  const name = "fail2ban-cluster";
  const key = new TextEncoder().encode("/fail2ban-cluster/").toBase64();
  const end = new TextEncoder().encode("/fail2ban-cluster0").toBase64();
  for (
    const [path, body] of [
      ["user/add", { name: "root", password: "root's" }],
      ["user/grant", { user: "root", role: "root" }],
      ["role/add", { name }],
      ["role/grant", {
        name,
        perm: { permType: "READWRITE", key, range_end: end },
      }],
      ["user/add", { name, password: PASSWORD }],
      ["user/grant", { user: name, role: name }],
      ["enable", {}],
    ] as const
  ) {
    await client.ask(`/v3/auth/${path}`, body, signal);
  }
}

testWith(
  "etcd",
  "a publisher asks etcd over TLS, by its password, and logs in again when its token has ended",
  async () => {
    await using dir = await TempDir.create();
    const { certificate, key, ...files } = await hostCertificate(dir);
    const authority = await Deno.readTextFile(files.authority);
    await using servers = await EtcdServers.start(
      1,
      `--cert-file=${certificate}`,
      `--key-file=${key}`,
    );
    const { urls } = servers;
    using open = new EtcdClient({
      clock,
      urls,
      authority,
      timeoutMs: ANSWER_TIMEOUT_MS,
    });
    await waitUntil(
      () => new EtcdLog(open, "/x/").look(signal).then(() => true, () => false),
      { what: "etcd over TLS", timeoutMs: 15_000 },
    );
    using stranger = new EtcdClient({ clock, urls });
    await rejects(stranger.ask("/v3/kv/range", {}, signal), NoLogError);
    await closeFor(open);
    const user = { name: "fail2ban-cluster", password: PASSWORD };
    using client = new EtcdClient({
      clock,
      urls,
      authority,
      user,
      timeoutMs: ANSWER_TIMEOUT_MS,
    });
    const log = new EtcdLog(client, "/fail2ban-cluster/");
    strictEqual(await log.look(signal), undefined);
    const told = Promise.withResolvers<void>();
    const watch = new AbortController();
    const watching = log.watchLead(told.resolve, watch.signal);
    await told.promise;
    watch.abort(new Error("enough"));
    await rejects(watching, /enough/);
    // Others' keys are not its own, nor is anything without a password, or with another one.
    await rejects(new EtcdLog(client, "/other/").look(signal), /permission/);
    await rejects(
      new EtcdLog(open, "/fail2ban-cluster/").look(signal),
      NoLogError,
    );
    using wrong = new EtcdClient({
      clock,
      ...{ urls, authority },
      user: { ...user, password: "wrong" },
    });
    await rejects(
      wrong.ask("/v3/kv/range", {}, signal),
      /authentication failed/,
    );
    // Whoever has its tokens in memory only has none of them after a restart.
    await servers.kill(0);
    servers.startAgain(0);
    await waitUntil(() => log.look(signal).then(() => true, () => false), {
      what: "etcd with another token",
      timeoutMs: 15_000,
    });
  },
);

Deno.test("a piece of a snapshot is waited for longer than what decides who leads", async () => {
  const asked: PromiseWithResolvers<void>[] = [];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async () => {
      const answer = Promise.withResolvers<void>();
      asked.push(answer);
      await answer.promise;
      return Response.json({});
    },
  );
  const manual = new ManualClock();
  using client = new EtcdClient({
    clock: manual,
    urls: [`http://127.0.0.1:${server.addr.port}`],
  });
  const log = new EtcdLog(client, "/x/").look(signal);
  const put = new EtcdSnapshots(client, "/x/")
    .put("0-a", 0, new Uint8Array(1), signal);
  await waitUntil(() => asked.length === 2 ? true : undefined, {
    what: "both questions",
  });
  await Promise.all([rejects(log, NoLogError), manual.advance(1_000)]);
  await manual.advance(10_000);
  for (const { resolve } of asked) resolve();
  await put;
});

Deno.test("an authority that is no certificate is refused with the way out", () => {
  const authority =
    "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
  throws(
    () =>
      new EtcdClient({
        clock,
        urls: [],
        authority,
      }),
    (error) =>
      error instanceof RuntimeError && /engineca/.test(error.hint ?? ""),
  );
});
