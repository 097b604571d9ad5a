/**
 * A hub that imports lists from the operator's command.
 *
 * @module
 */

import type { Clock } from "../../../lib/async/clock.ts";
import { SharedTurns } from "../../../lib/async/shared_turns.ts";
import { BanHub } from "../../../lib/ban/ban_hub.ts";
import type { BanStore } from "../../../lib/ban/ban_store.ts";
import { LIST_JAIL, OPERATOR_ORIGIN } from "../../../lib/base/operator_name.ts";
import { ImportCommands } from "../../../lib/cli/import_commands.ts";
import { parseClusterCommand } from "../../../lib/cli/cluster_cli.ts";
import { ImportKeeper } from "../../../lib/imports/import_keeper.ts";
import { ImportService } from "../../../lib/imports/import_service.ts";
import type { ProtectionPolicy } from "../../../lib/protection/protection_policy.ts";
import { PLAIN_PLACE } from "../../../lib/views/operator_output.ts";
import {
  OPERATOR_ANSWER,
  OPERATOR_REQUEST,
  type OperatorAnswer,
  type OperatorRequest,
} from "../../../lib/wire/operator_messages.ts";
import { address } from "../values/core_values.ts";
import { guardOf } from "../values/guards.ts";
import { MemoryBanStore } from "../memory/memory_ban_store.ts";
import { MemoryLog } from "../memory/memory_log.ts";

/** Time that a test moves; a wait only yields to the event loop. */
class MovedClock implements Clock {
  movedMs = 0;

  nowMs(): number {
    return Date.UTC(2026, 10, 29, 12) + this.movedMs;
  }

  monotonicMs(): number {
    return performance.now();
  }

  delay(_ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      setTimeout(resolve, 0);
    });
  }
}

/** A running hub. */
export class ImportBench implements AsyncDisposable {
  readonly clock = new MovedClock();
  readonly log = new MemoryLog();
  readonly deeds: string[] = [];
  readonly store: BanStore;
  readonly hub: BanHub;
  readonly service: ImportService;
  policy: ProtectionPolicy = {
    minPrefix4Bits: 24,
    minPrefix6Bits: 48,
    guarded: [guardOf("allowlist", "192.0.2.128/25")],
  };
  /** Aborted when the client is gone. */
  gone = new AbortController();
  readonly #keeper: ImportKeeper;
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  /** @param store The store of an earlier run. */
  constructor(store: BanStore = new MemoryBanStore()) {
    const { clock, log } = this;
    this.store = store;
    this.hub = new BanHub({
      ...{ clock, log, store, onKept: () => {} },
      // Fewer than any list has.
      maxReports: 2,
    });
    const turns = new SharedTurns({ clock });
    const { imports } = store;
    const options = { hub: this.hub, imports, clock, turns, log };
    this.#keeper = new ImportKeeper(options);
    this.service = new ImportService({
      ...options,
      keeper: this.#keeper,
      protection: () => this.policy,
      aheadMs: () => 0,
      record: (...deed) => {
        this.deeds.push(deed.join("|"));
        return Promise.resolve();
      },
    });
  }

  /** Starts the hub. */
  start(): this {
    const { signal } = this.#stop;
    const ended = (error: unknown) => {
      if (error !== signal.reason) throw error;
    };
    this.#running = Promise.all([
      this.hub.run(signal).catch(ended),
      this.#keeper.run(signal).catch(ended),
    ]);
    return this;
  }

  /** Runs `import` or `imports`. @returns The output. */
  async type(
    text: string,
    ...argv: readonly string[]
  ): Promise<readonly string[]> {
    const line = parseClusterCommand(argv);
    if (line.kind !== "command") throw new Error(`${argv} is no command`);
    const commands = new ImportCommands({
      ask: (request) => this.#ask(request),
      editor: { by: "root", atMs: this.clock.nowMs() },
      nowMs: this.clock.nowMs(),
      place: PLAIN_PLACE,
      readList: () => Promise.resolve(text),
      progress: {
        show: () => Promise.resolve(),
        end: () => Promise.resolve(),
      },
    });
    const { command } = line;
    const { lines } = command.verb === "imports"
      ? await commands.imports(command)
      : await commands.import(command);
    return lines;
  }

  /** Imports a list as `drop` for a day. */
  import(text: string, ...more: readonly string[]): Promise<readonly string[]> {
    return this.type(
      text,
      ...["import", "-", "--name", "drop", "--for", "1d", ...more],
    );
  }

  /** The addresses banned in the jail of lists, with their origins. */
  get banned(): readonly string[] {
    return [...this.hub.table.bans()]
      .filter(({ jail }) => jail === LIST_JAIL)
      .map(({ address, reports }) =>
        `${address} ${reports.map(({ origin }) => origin).join(" ")}`
      ).sort();
  }

  /** Lifts a ban as an operator. */
  async lift(text: string): Promise<void> {
    await this.hub.submit([{
      event: {
        kind: "lift",
        jail: LIST_JAIL,
        address: address(text),
        by: OPERATOR_ORIGIN,
      },
    }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("The test is over"));
    await this.#running;
  }

  /** Answers like the operators' socket. */
  async *#ask(
    request: OperatorRequest,
  ): AsyncGenerator<OperatorAnswer, void, undefined> {
    const line = OPERATOR_REQUEST.encode(request);
    if (line.length > 4_096) throw new Error(`${line.length} bytes`);
    const decoded = OPERATOR_REQUEST.decode(line);
    for await (const answer of this.#answers(decoded)) {
      yield OPERATOR_ANSWER.decode(OPERATOR_ANSWER.encode(answer));
    }
  }

  async *#answers(
    request: OperatorRequest,
  ): AsyncGenerator<OperatorAnswer, void, undefined> {
    const { signal } = this.gone;
    switch (request.kind) {
      case "importBegin":
        yield this.service.begin(request);
        break;
      case "importPart":
        yield this.service.add(request);
        break;
      case "importEnd":
        yield* this.service.end(request.upload, signal);
        break;
      case "importRemove":
        yield* this.service.remove(request.by, request.name, signal);
        break;
      case "imports":
        yield this.service.list();
        break;
      default:
        throw new Error(`Nobody answers ${request.kind}`);
    }
  }
}
