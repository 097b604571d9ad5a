import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { MemberAuthenticator } from "../../lib/publisher/authenticator.ts";
import { ConnectionGate } from "../../lib/publisher/connection_gate.ts";
import type { MemberList } from "../../lib/members/member.ts";
import { Condition } from "../../lib/async/tasks.ts";
import { host } from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import {
  ALL_RIGHTS,
  keyOf,
  member,
  memberList,
} from "../support/cluster/members.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { MemorySocket } from "../support/memory/memory_socket.ts";

const RIGHTS = { rights: { ...ALL_RIGHTS, mayUnban: true } };

/** A door at work. */
class DoorBench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly control = new MemorySocket();
  readonly stream = new MemorySocket();
  readonly ended: string[] = [];
  readonly admission = new MemberAuthenticator(
    memberList(member("web1"), member("web2"), member("web3")),
  );
  readonly gate: ConnectionGate;
  readonly #lists: MemberList[] = [];
  readonly #listed = new Condition();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor() {
    const { clock, log, control, stream } = this;
    this.gate = new ConnectionGate({
      ...{ clock, log, sockets: [control, stream] },
      zap: new MemorySocket(),
      authenticator: this.admission,
      changes: (signal) => this.#changes(signal),
      endSessions: (node) => this.ended.push(node),
    });
    this.#running = this.gate.run(this.#stop.signal);
  }

  async list(list: MemberList): Promise<void> {
    this.#lists.push(list);
    this.#listed.notify();
    await settled();
  }

  get cuts(): readonly number[] {
    return [this.control.cuts, this.stream.cuts];
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

Deno.test("ConnectionGate ends the sessions of who is no member any more, and cuts the connections of both sockets", async () => {
  await using bench = new DoorBench();
  await bench.list(memberList(member("web1"), member("web3")));
  strictEqual(bench.admission.admits(keyOf("web2")), false);
  deepStrictEqual(bench.ended, ["web2"]);
  deepStrictEqual(bench.cuts, [1, 1]);
  strictEqual(bench.gate.counters.cuts, 1);
  deepStrictEqual(bench.log.records[0]?.fields, {
    members: 2,
    revision: 1,
    expelled: "web2",
  });
});

Deno.test("ConnectionGate cuts nobody for a new member, or for other rights", async () => {
  await using bench = new DoorBench();
  await bench.list(memberList(
    member("web1", RIGHTS),
    member("web2"),
    member("web3"),
    member("web4"),
  ));
  strictEqual(bench.admission.admits(keyOf("web4")), true);
  deepStrictEqual(bench.ended, ["web1"]);
  deepStrictEqual(bench.cuts, [0, 0]);
});

Deno.test("ConnectionGate cuts twice a second at most, and forgets nobody", async () => {
  await using bench = new DoorBench();
  bench.gate.expel([host("web1")]);
  await settled();
  for (const name of ["web2", "web3"]) bench.gate.expel([host(name)]);
  await bench.clock.advance(499);
  deepStrictEqual(bench.cuts, [1, 1]);
  await bench.clock.advance(1);
  deepStrictEqual(bench.cuts, [2, 2]);
  await bench.clock.advance(5_000);
  deepStrictEqual(bench.cuts, [2, 2]);
  deepStrictEqual(bench.ended, ["web1", "web2", "web3"]);
});
