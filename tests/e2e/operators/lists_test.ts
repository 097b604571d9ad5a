import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { operate } from "../../support/cluster/operator.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { freePort } from "../../support/host/test_ports.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { fillStore } from "../../support/store/filled_store.ts";
import { publishersBans } from "../../support/store/stored_tables.ts";

const BANS = 3_000;
const PASSWORD = "correct horse battery";

/** A hub with bans that serves lists, and nobody else. */
async function listingHub() {
  const cluster = await TestCluster.create({ protocol: 2 });
  const url = `http://127.0.0.1:${freePort()}`;
  await cluster.addHost("hub", {
    publisher: { httpbindurl: url },
    "list:all": { format: "plain" },
    "list:edge": {
      ...{ format: "mikrotik", jails: "operator", aggregate: "true" },
      ...{ minleft: "1m", username: "router", password: PASSWORD },
    },
    "list:away": { allowfrom: "192.0.2.1" },
  });
  await fillStore(cluster.stateDir("hub"), { bans: BANS, nodes: [] });
  const publisher = await cluster.start("publisher", "hub");
  return { cluster, url, publisher };
}

async function get(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers });
  const { status } = response;
  return { status, headers: response.headers, text: await response.text() };
}

/** What curl makes of it; 0: nobody answers. */
async function curl(...args: readonly string[]) {
  const { stdout } = await new Deno.Command("curl", {
    args: ["-sS", "-m", "10", "-w", "\n%{http_code}", ...args],
    stderr: "null",
  }).output();
  const lines = new TextDecoder().decode(stdout).split("\n");
  return { status: Number(lines.at(-1)), lines: lines.slice(0, -2) };
}

Deno.test("lists by HTTP follow the bans, have tags, are compressed, and are for whom they are", async () => {
  const { cluster, url, publisher } = await listingHub();
  await using _cluster = cluster;
  const all = `${url}/list/all`;

  const first = await get(all);
  strictEqual(first.status, 200, publisher.stderr.join("\n"));
  deepStrictEqual(
    first.text.trimEnd().split("\n").sort(),
    publishersBans(cluster).sort(),
  );
  const tag = first.headers.get("etag") ?? "";
  strictEqual((await get(all, { "if-none-match": tag })).status, 304);
  const zipped = await curl("--compressed", all);
  deepStrictEqual(zipped.lines.join("\n"), first.text.trimEnd());

  await operate(cluster, "ban 198.51.100.0 --for 2h");
  await operate(cluster, "ban 198.51.100.1 --for 2h");
  await operate(cluster, "ban 198.51.100.9 --for 30s");
  const next = await get(all, { "if-none-match": tag });
  strictEqual(next.status, 200);
  ok(next.headers.get("etag") !== tag);
  ok(next.text.split("\n").includes("198.51.100.9"));
  // What export prints is the same, line by line.
  strictEqual(await operate(cluster, "export"), next.text);
  await operate(cluster, "unban 198.51.100.9");
  ok(!(await get(all)).text.includes("198.51.100.9\n"));

  const edge = `${url}/list/edge`;
  strictEqual((await curl(edge)).status, 401);
  strictEqual((await curl("-u", "router:wrong", edge)).status, 401);
  deepStrictEqual((await curl("-u", `router:${PASSWORD}`, edge)).lines, [
    "/ip firewall address-list remove [find list=fail2ban-cluster]",
    "/ip firewall address-list add list=fail2ban-cluster address=198.51.100.0/31",
    "/ipv6 firewall address-list remove [find list=fail2ban-cluster]",
  ]);
  strictEqual((await curl(`${url}/list/away`)).status, 403);
  strictEqual((await curl(`${url}/list/none`)).status, 404);
  strictEqual((await curl("--path-as-is", `${url}/list/x/../all`)).status, 404);
  strictEqual((await curl("-X", "POST", all)).status, 405);
  strictEqual((await curl("-d", "a=b", all)).status, 413);
  strictEqual((await curl("-I", all)).status, 200);

  match(await operate(cluster, "status"), new RegExp(`^lists +${all}$`, "m"));
  const figures = await cluster.figures("publisher", "hub");
  strictEqual(figures["http"], url);
  strictEqual(figures["lists.unchanged"], 1);
  ok(Number(figures["lists.sent"]) >= 5);
  strictEqual(figures["lists.refused"], 3);
  ok(!publisher.stderr.join("\n").includes(PASSWORD));
  match(publisher.stderr.join("\n"), /INFO: a list was asked for list=all/);
  strictEqual((await publisher.end()).code, 0);
});

Deno.test("while a publisher starts again a list is whole or there is none", async () => {
  const { cluster, url, publisher } = await listingHub();
  await using _cluster = cluster;
  const all = `${url}/list/all`;
  const { headers } = await get(all);
  const seen: string[] = [];
  const stop = new AbortController();
  const asking = (async () => {
    while (!stop.signal.aborted) {
      const { status, lines } = await curl(all);
      seen.push(status === 200 ? `200 ${lines.length}` : `${status}`);
    }
  })();
  await publisher.end("SIGKILL");
  await waitUntil(() => seen.includes("0"), { what: "an end" });
  await using _again = await cluster.start("publisher", "hub");
  await waitUntil(() => seen.at(-1)?.startsWith("200"), { what: "a list" });
  stop.abort();
  await asking;
  const allowed = ["0", "503", `200 ${BANS}`];
  deepStrictEqual(seen.filter((each) => !allowed.includes(each)), []);
  // It is the same list, and known to be.
  const tag = headers.get("etag") ?? "";
  strictEqual((await get(all, { "if-none-match": tag })).status, 304);
});

Deno.test("lists by a Unix socket are for whoever may open it, and the port that is taken is said", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  const path = `${cluster.dir}/lists.sock`;
  await cluster.addHost("hub", {
    publisher: { httpbindurl: `unix:${path}` },
    "list:all": { format: "json" },
  });
  const publisher = await cluster.start("publisher", "hub");
  strictEqual(((await Deno.lstat(path)).mode ?? 0) & 0o777, 0o660);
  await operate(cluster, "ban 198.51.100.7 --for 2h");
  const { status, lines } = await curl(
    "--unix-socket",
    path,
    "http://h/list/all",
  );
  strictEqual(status, 200);
  match(lines.join(), /^\{"network":"198\.51\.100\.7","family":4,"ends":"/);
  match(
    await operate(cluster, "status"),
    new RegExp(`^lists +unix:${path} /list/all$`, "m"),
  );
  strictEqual((await publisher.end()).code, 0);
  strictEqual(await Deno.lstat(path).catch(() => undefined), undefined);
});
