import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { MemberAuthenticator } from "../../lib/publisher/authenticator.ts";
import { ConnectionGate } from "../../lib/publisher/connection_gate.ts";
import type { MemberList } from "../../lib/members/member.ts";
import type { PublicKey } from "../../lib/zmq/curve_key.ts";
import { decodeZ85 } from "../../lib/zmq/z85.ts";
import { Condition } from "../../lib/async/tasks.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import {
  ALL_RIGHTS,
  keyOf,
  member,
  memberList,
} from "../support/cluster/members.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { MemoryPort } from "../support/memory/memory_port.ts";
import {
  frames,
  MemorySocket,
  texts,
} from "../support/memory/memory_socket.ts";

const WRITER = { rights: { ...ALL_RIGHTS, roles: ["monitor"] as const } };
const RIGHTS = { rights: { ...ALL_RIGHTS, mayUnban: true } };

/** A gate at work. */
class GateBench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly zap = new MemorySocket();
  readonly control = new MemoryPort();
  readonly stream = new MemoryPort();
  readonly ended: string[] = [];
  readonly admission = new MemberAuthenticator(
    memberList(member("web1"), member("web2"), member("web3", WRITER)),
  );
  readonly gate: ConnectionGate;
  readonly #lists: MemberList[] = [];
  readonly #listed = new Condition();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor() {
    const { clock, log, zap, control, stream } = this;
    this.gate = new ConnectionGate({
      ...{ clock, log, zap, control, stream },
      authenticator: this.admission,
      changes: (signal) => this.#changes(signal),
      endSessions: (node) => this.ended.push(node),
    });
    this.#running = this.gate.run(this.#stop.signal);
  }

  /** Asks as libzmq does, and gives the code of the answer. */
  async ask(domain: string, key: PublicKey): Promise<string | undefined> {
    this.zap.give([
      ...frames("r", "", "1.0", "1", domain, "localhost:0:0:7", "", "CURVE"),
      decodeZ85(key) ?? new Uint8Array(),
    ]);
    await settled();
    return texts(this.zap.sent.at(-1) ?? [])[4];
  }

  async list(list: MemberList): Promise<void> {
    this.#lists.push(list);
    this.#listed.notify();
    await settled();
  }

  async *#changes(signal: AbortSignal): AsyncIterable<MemberList> {
    while (!signal.aborted) {
      const list = this.#lists.shift();
      if (list !== undefined) yield list;
      else await this.#listed.wait(signal).catch(() => {});
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

Deno.test("ConnectionGate lets members in by the connection that libzmq asks about, each port by its own rule", async () => {
  await using bench = new GateBench();
  bench.control.shaking.set("control-1", "192.0.2.1");
  bench.stream.shaking.set("stream-1", "192.0.2.1");
  strictEqual(await bench.ask("control-1", keyOf("web1")), "200");
  strictEqual(await bench.ask("control-1", keyOf("web3")), "200");
  strictEqual(await bench.ask("stream-1", keyOf("web2")), "200");
  // It may report, and not read.
  strictEqual(await bench.ask("stream-1", keyOf("web3")), "400");
  deepStrictEqual(bench.control.letIn, ["web1", "web3"]);
  deepStrictEqual(bench.stream.letIn, ["web2"]);
});

Deno.test("ConnectionGate refuses a key that is no member's, and names its real address; and whoever came by no connection of ours", async () => {
  await using bench = new GateBench();
  bench.control.shaking.set("control-1", "192.0.2.1");
  strictEqual(await bench.ask("control-1", keyOf("stranger")), "400");
  strictEqual(await bench.ask("control-2", keyOf("web1")), "400");
  deepStrictEqual(bench.control.letIn, []);
  const [refusal] = bench.log.records;
  strictEqual(refusal?.fields?.["address"], "192.0.2.1");
});

Deno.test("ConnectionGate ends the sessions of who is no member any more, and cuts its connections at both ports", async () => {
  await using bench = new GateBench();
  bench.control.shaking.set("control-1", "192.0.2.1");
  for (const name of ["web1", "web2"]) {
    await bench.ask("control-1", keyOf(name));
  }
  await bench.list(memberList(member("web1"), member("web3", WRITER)));
  strictEqual(bench.admission.admitted(keyOf("web2")), undefined);
  deepStrictEqual(bench.ended, ["web2"]);
  deepStrictEqual(bench.control.cuts, ["web2"]);
  deepStrictEqual(bench.stream.cuts, ["web2"]);
  strictEqual(bench.gate.counters.cuts, 1);
  deepStrictEqual(bench.log.records[0]?.fields, {
    members: 2,
    revision: 1,
    expelled: "web2",
  });
});

Deno.test("ConnectionGate cuts nobody for a new member, or for other rights", async () => {
  await using bench = new GateBench();
  await bench.list(memberList(
    member("web1", RIGHTS),
    member("web2"),
    member("web3", WRITER),
    member("web4"),
  ));
  strictEqual(bench.admission.admitted(keyOf("web4")), "web4");
  deepStrictEqual(bench.ended, ["web1"]);
  deepStrictEqual([bench.control.cuts, bench.stream.cuts], [[], []]);
});
