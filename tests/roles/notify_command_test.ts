import { match, strictEqual } from "node:assert/strict";
import { OperatorHosts as Hosts } from "../support/cluster/operator_hosts.ts";
import { ToldServer } from "../support/host/told_server.ts";

const SECRET = "5f2c9d31337abc";

Deno.test("notify test asks for each heartbeat, tells the webhook, and says what came back, on a node as well", async () => {
  await using server = new ToldServer();
  await using hosts = await Hosts.create("hub", "web1");
  const nothing = await hosts.run("web1", "notify test");
  strictEqual(nothing.code, 4);
  match(nothing.err, /error: neither heartbeaturl nor webhookurl is set\n/);
  match(nothing.err, /hint: in .*\.conf, or the \.local file beside it, /);

  await hosts.run("hub", "init --address 192.0.2.10");
  const { out: code } = await hosts.run("hub", "node add web1");
  await hosts.run("web1", "join -", code);
  await Deno.writeTextFile(
    hosts.config("web1"),
    `webhookurl = ${server.url(`/hook/${SECRET}`)}\n` +
      `[monitor]\nheartbeaturl = ${server.url(`/beat/${SECRET}`)}\n`,
    { append: true },
  );
  const good = await hosts.run("web1", "notify test");
  strictEqual(good.code, 0, good.err);
  match(good.out, /^ok +monitor\.heartbeaturl +http:\/\/\S+\*{8} took it$/m);
  match(good.out, /^ok +general\.webhookurl +http:\/\/\S+\*{8} took it$/m);
  const asked = server.requests.map(({ method, path }) => `${method} ${path}`);
  strictEqual(
    asked.toSorted().join(),
    `GET /beat/${SECRET},POST /hook/${SECRET}`,
  );
  strictEqual(server.events[0]?.["event"], "test");
  strictEqual(server.events[0]?.["program"], "fail2ban-cluster");

  server.status = 404;
  const bad = await hosts.run("web1", "notify test");
  strictEqual(bad.code, 4);
  match(bad.out, /^FAIL +general\.webhookurl +\S+\*{8} answered 404$/m);
  match(bad.err, /^fail2ban-cluster: general\.webhookurl: is the URL whole/m);
  strictEqual(`${good.out}${bad.out}${bad.err}`.includes(SECRET), false);
});
