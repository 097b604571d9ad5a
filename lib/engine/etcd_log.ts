/**
 * The shared log in etcd.
 *
 * Keys, each behind the prefix: `base`, `head`, `lead`, `beat`, and `log/` with
 * the record's index in 16 digits. Versions are etcd's `mod_revision`.
 *
 * @module
 */

import { isEpoch } from "../base/ids.ts";
import { RuntimeError } from "../base/errors.ts";
import type {
  Beat,
  Lead,
  LogBase,
  LogView,
  SeenVersions,
  SharedLog,
  SharedRecord,
  WriteOutcome,
} from "./shared_log.ts";
import { type EtcdGateway, isObject } from "./etcd_gateway.ts";

const DIGITS = 16;
/** Maximum number of records in a page. */
const MAX_PAGE = 64;
/**
 * Ends each of the two lines before a record's step: its own ID and the
 * previous record's.
 */
const LINE_END = 0x0a;

/** A key in an answer. */
export interface FoundKey {
  readonly key: string;
  readonly value: Uint8Array<ArrayBuffer>;
  readonly version: number;
}

/** One publisher's access to the log. */
export class EtcdLog implements SharedLog {
  readonly #client: EtcdGateway;
  readonly #prefix: string;

  /**
   * @param client A gateway to etcd.
   * @param prefix Prefix of all keys, with a trailing slash.
   */
  constructor(client: EtcdGateway, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  async look(signal: AbortSignal): Promise<LogView | undefined> {
    const { found } = await this.#transact([], this.#asks(), [], signal);
    return this.#viewOf(found);
  }

  async begin(base: LogBase, signal: AbortSignal): Promise<boolean> {
    const { isDone } = await this.#transact(
      [this.#is("base", 0), this.#is("head", 0), this.#is("lead", 0)],
      [
        this.#put("base", base),
        this.#put("head", { index: 0, id: base.id }),
        this.#put("lead", { term: 0 }),
      ],
      [],
      signal,
    );
    return isDone;
  }

  async read(
    after: number,
    max: number,
    signal: AbortSignal,
  ): Promise<readonly SharedRecord[]> {
    const answer = await this.#client.ask("/v3/kv/range", {
      key: this.#key(indexKey(after + 1)),
      range_end: this.#key("log0"),
      limit: String(Math.min(max, MAX_PAGE)),
    }, signal);
    return foundIn(answer).map((found) => this.#recordOf(found));
  }

  async append(
    record: SharedRecord,
    seen: SeenVersions,
    signal: AbortSignal,
  ): Promise<WriteOutcome> {
    const { index, id, previous, step } = record;
    const before = new TextEncoder().encode(`${id}\n${previous}\n`);
    const value = new Uint8Array(before.length + step.length);
    value.set(before);
    value.set(step, before.length);
    return await this.#write(
      seen,
      [
        this.#put("head", { index, id }),
        this.#putBytes(indexKey(index), value),
      ],
      (revision) => ({ ...seen, head: revision }),
      signal,
    );
  }

  async take(
    lead: Lead,
    seen: SeenVersions,
    signal: AbortSignal,
  ): Promise<WriteOutcome> {
    return await this.#write(
      seen,
      [this.#put("lead", lead)],
      (revision) => ({ ...seen, lead: revision }),
      signal,
    );
  }

  async passOn(
    lead: Lead,
    seen: Pick<SeenVersions, "lead">,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { isDone } = await this.#transact(
      [this.#is("lead", seen.lead)],
      [this.#put("lead", lead)],
      [],
      signal,
    );
    return isDone;
  }

  async beat(
    { storeMs, settings }: Beat,
    { lead }: Pick<SeenVersions, "lead">,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { isDone } = await this.#transact(
      [this.#is("lead", lead)],
      [this.#put("beat", { storeMs, settings })],
      [],
      signal,
    );
    return isDone;
  }

  async watchLead(onChange: () => void, signal: AbortSignal): Promise<void> {
    const watched = { key: this.#key("lead") };
    await this.#client.follow(
      "/v3/watch",
      { create_request: watched },
      onChange,
      signal,
    );
  }

  async trim(upTo: number, signal: AbortSignal): Promise<void> {
    await this.#client.ask("/v3/kv/deleterange", {
      key: this.#key("log/"),
      range_end: this.#key(indexKey(upTo + 1)),
    }, signal);
  }

  async #write(
    seen: SeenVersions,
    puts: readonly unknown[],
    versionsAt: (revision: number) => SeenVersions,
    signal: AbortSignal,
  ): Promise<WriteOutcome> {
    const conditions = [
      this.#is("head", seen.head),
      this.#is("lead", seen.lead),
    ];
    const asks = this.#asks();
    const { isDone, revision, found } = await this.#transact(
      conditions,
      puts,
      asks,
      signal,
    );
    if (isDone) return { isWritten: true, versions: versionsAt(revision) };
    const view = this.#viewOf(found);
    if (view === undefined) throw damaged("it is gone");
    return { isWritten: false, view };
  }

  async #transact(
    compare: readonly unknown[],
    success: readonly unknown[],
    failure: readonly unknown[],
    signal: AbortSignal,
  ) {
    const body = { compare, success, failure };
    const answer = await this.#client.ask("/v3/kv/txn", body, signal);
    const { header, responses, succeeded } = answer;
    const revision = isObject(header) ? Number(header["revision"]) : NaN;
    if (!Number.isSafeInteger(revision)) throw damaged("no revision");
    const found = (Array.isArray(responses) ? responses : [])
      .flatMap((each: unknown) =>
        isObject(each) ? foundIn(each["response_range"]) : []
      );
    return { isDone: succeeded === true, revision, found };
  }

  #viewOf(found: readonly FoundKey[]): LogView | undefined {
    const at = (name: string) =>
      found.find(({ key }) => key === `${this.#prefix}${name}`);
    const [base, head, lead, beat] = ["base", "head", "lead", "beat"].map(at);
    if (base === undefined && head === undefined && lead === undefined) {
      return undefined;
    }
    if (base === undefined || head === undefined || lead === undefined) {
      throw damaged("one of base, head and lead is missing");
    }
    return {
      base: readBase(valueOf(base)),
      head: readHead(valueOf(head)),
      lead: readLead(valueOf(lead)),
      beat: beat && beatOf(beat),
      versions: {
        head: head.version,
        lead: lead.version,
        beat: beat?.version ?? 0,
      },
    };
  }

  #recordOf({ key, value }: FoundKey): SharedRecord {
    const index = Number(key.slice(`${this.#prefix}log/`.length));
    const first = value.indexOf(LINE_END);
    const second = value.indexOf(LINE_END, first + 1);
    if (!Number.isSafeInteger(index) || first < 1 || second < first + 2) {
      throw damaged(`record ${key}`);
    }
    const line = (from: number, to: number) =>
      new TextDecoder().decode(value.subarray(from, to));
    return {
      index,
      id: line(0, first),
      previous: line(first + 1, second),
      step: value.slice(second + 1),
    };
  }

  #asks(): readonly unknown[] {
    return ["base", "head", "lead", "beat"].map((name) => ({
      request_range: { key: this.#key(name) },
    }));
  }

  #is(name: string, version: number): unknown {
    return {
      key: this.#key(name),
      target: "MOD",
      result: "EQUAL",
      mod_revision: String(version),
    };
  }

  #put(name: string, value: unknown): unknown {
    const text = JSON.stringify(value);
    return this.#putBytes(name, new TextEncoder().encode(text));
  }

  #putBytes(name: string, value: Uint8Array): unknown {
    return {
      request_put: { key: this.#key(name), value: value.toBase64() },
    };
  }

  #key(name: string): string {
    return new TextEncoder().encode(`${this.#prefix}${name}`).toBase64();
  }
}

function indexKey(index: number): string {
  return `log/${String(index).padStart(DIGITS, "0")}`;
}

/**
 * The keys in the answer to a range request.
 *
 * @throws {RuntimeError} when it is malformed.
 */
export function foundIn(range: unknown): readonly FoundKey[] {
  const kvs = isObject(range) ? range["kvs"] : undefined;
  if (!Array.isArray(kvs)) return [];
  return kvs.map((each: unknown) => {
    if (!isObject(each) || typeof each["key"] !== "string") {
      throw damaged("a key");
    }
    const { key, value = "", mod_revision } = each;
    return {
      key: new TextDecoder().decode(bytesOf(String(key))),
      value: bytesOf(String(value)),
      version: Number(mod_revision),
    };
  });
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(text);
  } catch (error) {
    throw damaged("no base64", error);
  }
}

function valueOf({ key, value }: FoundKey): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(new TextDecoder().decode(value));
    if (isObject(read)) return read;
  } catch (error) {
    throw damaged(key, error);
  }
  throw damaged(key);
}

function readBase({ epoch, id, seq }: Record<string, unknown>): LogBase {
  if (!isEpoch(epoch) || typeof id !== "string") throw damaged("base");
  return { epoch, id, seq: countOf(seq, "base") };
}

function readHead({ index, id }: Record<string, unknown>) {
  if (typeof id !== "string") throw damaged("head");
  return { index: countOf(index, "head"), id };
}

function readLead({ term, holder, next }: Record<string, unknown>): Lead {
  if (holder !== undefined && typeof holder !== "string") throw damaged("lead");
  if (next !== undefined && typeof next !== "string") throw damaged("lead");
  const lead = { term: countOf(term, "lead"), holder };
  return next === undefined ? lead : { ...lead, next };
}

/**
 * The beat in its key.
 *
 * @throws {RuntimeError} when it is malformed.
 */
export function beatOf(found: FoundKey): Beat {
  const { storeMs, settings } = valueOf(found);
  if (typeof storeMs !== "number" || typeof settings !== "string") {
    throw damaged("beat");
  }
  return { storeMs, settings };
}

function countOf(value: unknown, what: string): number {
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value);
  throw damaged(what);
}

function damaged(what: string, cause?: unknown): RuntimeError {
  return new RuntimeError(
    `the shared log in etcd is not as it was written: ${what}`,
    {
      hint:
        "does something else write to publisher.engineprefix? Put etcd's backup back: docs/PUBLISHERS.md",
      cause,
    },
  );
}
