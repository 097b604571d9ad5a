/**
 * A shared log in memory with realistic faults.
 *
 * @module
 */

import { Condition } from "../../../lib/async/tasks.ts";
import {
  type Beat,
  type Lead,
  type LogBase,
  type LogView,
  NoLogError,
  type SeenVersions,
  type SharedLog,
  type SharedRecord,
  type WriteOutcome,
} from "../../../lib/engine/shared_log.ts";

/** A call without an answer: the fault occurs before or after its work. */
export type LogFault = "before" | "after";

/** The state that all publishers of a test share. */
export class MemoryLogServer {
  base: LogBase | undefined;
  records: SharedRecord[] = [];
  lead: Lead = { term: 0, holder: undefined };
  beat: Beat | undefined;
  versions = { head: 0, lead: 0, beat: 0 };
  /** For testing the tests: accepts every write without a comparison. */
  comparesNothing = false;
  /**
   * For testing the tests: answers before a record is stored, so that it can be
   * lost.
   */
  answersEarly = false;
  /** Called for each new lead. */
  readonly watchers = new Set<() => void>();
  #version = 0;

  get head(): { index: number; id: string } {
    const { index, id } = this.records.at(-1) ??
      { index: 0, id: this.base?.id ?? "" };
    return { index, id };
  }

  get view(): LogView | undefined {
    const { base, head, lead, beat } = this;
    const versions = { ...this.versions };
    return base && { base, head, lead, beat, versions };
  }

  /** Somebody leads, or nobody does. */
  setLead(lead: Lead): void {
    this.lead = lead;
    this.versions.lead = this.next();
    for (const tell of this.watchers) tell();
  }

  next(): number {
    return ++this.#version;
  }

  isAsSeen(seen: SeenVersions): boolean {
    return this.comparesNothing ||
      this.versions.head === seen.head && this.versions.lead === seen.lead;
  }
}

/** One publisher's connection to the log. */
export class MemorySharedLog implements SharedLog {
  readonly server: MemoryLogServer;
  /** Whether it answers nothing. */
  isSilent = false;
  /** Whether it answers, but tells of no lead. */
  tellsNothing = false;
  /** Faults of the next calls, one each. */
  readonly faults: (LogFault | undefined)[] = [];

  /** @param server The shared state. */
  constructor(server: MemoryLogServer = new MemoryLogServer()) {
    this.server = server;
  }

  look(): Promise<LogView | undefined> {
    return this.#call(() => this.server.view);
  }

  begin(base: LogBase): Promise<boolean> {
    return this.#call(() => {
      const { server } = this;
      if (server.base !== undefined) return false;
      server.base = base;
      server.versions = { head: server.next(), lead: server.next(), beat: 0 };
      return true;
    });
  }

  read(after: number, max: number): Promise<readonly SharedRecord[]> {
    return this.#call(() =>
      this.server.records.filter(({ index }) => index > after).slice(0, max)
    );
  }

  append(record: SharedRecord, seen: SeenVersions): Promise<WriteOutcome> {
    return this.#write(seen, ({ records, versions, next }) => {
      if (this.server.answersEarly) return;
      records.push(record);
      versions.head = next();
    });
  }

  take(lead: Lead, seen: SeenVersions): Promise<WriteOutcome> {
    return this.#write(seen, () => this.server.setLead(lead));
  }

  passOn(lead: Lead, seen: Pick<SeenVersions, "lead">): Promise<boolean> {
    return this.#call(() => {
      const { server } = this;
      if (server.versions.lead !== seen.lead) return false;
      server.setLead(lead);
      return true;
    });
  }

  beat(beat: Beat, seen: Pick<SeenVersions, "lead">): Promise<boolean> {
    return this.#call(() => {
      const { server } = this;
      if (server.versions.lead !== seen.lead) return false;
      server.beat = beat;
      server.versions.beat = server.next();
      return true;
    });
  }

  async watchLead(onChange: () => void, signal: AbortSignal): Promise<void> {
    await Promise.resolve();
    if (this.isSilent) throw silence();
    const { watchers } = this.server;
    const tell = () => {
      if (!this.isSilent && !this.tellsNothing) onChange();
    };
    watchers.add(tell);
    tell();
    try {
      await new Condition().wait(signal);
    } finally {
      watchers.delete(tell);
    }
  }

  trim(upTo: number): Promise<void> {
    return this.#call(() => {
      const { server } = this;
      server.records = server.records.filter(({ index }) => index > upTo);
    });
  }

  #write(
    seen: SeenVersions,
    write: (
      server: Pick<MemoryLogServer, "records" | "versions" | "next">,
    ) => void,
  ): Promise<WriteOutcome> {
    return this.#call((): WriteOutcome => {
      const { server } = this;
      const { view } = server;
      if (view === undefined) throw new Error("It was not begun");
      if (!server.isAsSeen(seen)) return { isWritten: false, view };
      const { records, versions } = server;
      write({ records, versions, next: () => server.next() });
      const { head, lead } = versions;
      return { isWritten: true, versions: { head, lead } };
    });
  }

  async #call<T>(work: () => T): Promise<T> {
    const fault = this.faults.shift();
    // As over a network, no answer is immediate.
    await Promise.resolve();
    if (this.isSilent || fault === "before") throw silence();
    const result = work();
    if (fault === "after") throw silence();
    return result;
  }
}

function silence(): NoLogError {
  return new NoLogError("the shared log does not answer");
}
