/**
 * Answers requests for `/list/NAME`.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Mutex } from "../async/mutex.ts";
import { SharedTurns } from "../async/shared_turns.ts";
import { RuntimeError } from "../base/errors.ts";
import { NetworkSet } from "../base/network_set.ts";
import { addressSpan } from "../base/address_span.ts";
import { parseAddress } from "../base/address.ts";
import { hasShown } from "../http/basic_credentials.ts";
import { acceptsGzip, hasCopy } from "../http/http_copy.ts";
import {
  type HttpAnswer,
  type HttpRequest,
  textAnswer,
} from "../http/http_request.ts";
import type { HttpRoute } from "../http/http_routes.ts";
import type { Log } from "../log/log.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import { ListCopy, type ListSource, type MadeList } from "./list_copy.ts";
import type { ExportFormat, ListRules } from "./list_rules.ts";

/** Options for {@link ListService}. */
export interface ListServiceOptions {
  readonly lists: readonly ListRules[];
  /** `undefined`: the table is not loaded yet. */
  readonly source: () => ListSource | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts the making of lists. */
  readonly signal: AbortSignal;
}

/** Counts of answers. */
export interface ListCounters {
  /** Lists that were sent. */
  sent: number;
  /** The client already had the latest list. */
  unchanged: number;
  /** The client may not read the list. */
  refused: number;
  /** There was no list: the table was not loaded, or can't be stored. */
  unavailable: number;
}

/** Prefix of the lists' paths. */
export const LIST_PATH = "/list/";
/** When the client should try again, in seconds. */
const RETRY_SECONDS = "10";
/**
 * A client may use a copy after it has checked each time that the copy is the
 * latest.
 */
const CACHE_CONTROL = "private, no-cache, no-transform";

const TYPES: Readonly<Record<ExportFormat, string>> = {
  plain: "text/plain; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  json: "application/x-ndjson",
  nft: "text/plain; charset=utf-8",
  ipset: "text/plain; charset=utf-8",
  mikrotik: "text/plain; charset=utf-8",
  haproxy: "text/plain; charset=utf-8",
  "nginx-geo": "text/plain; charset=utf-8",
  pf: "text/plain; charset=utf-8",
};

interface ServedList {
  readonly rules: ListRules;
  readonly readers: NetworkSet;
  readonly copy: ListCopy;
}

/** Serves all lists of a publisher. */
export class ListService implements HttpRoute {
  /** Counts of answers so far. */
  readonly counters: ListCounters = {
    sent: 0,
    unchanged: 0,
    refused: 0,
    unavailable: 0,
  };
  readonly #options: ListServiceOptions;
  readonly #lists: ReadonlyMap<string, ServedList>;
  readonly #throttled: LogThrottle;

  /** @param options See {@link ListServiceOptions}. */
  constructor(options: ListServiceOptions) {
    this.#options = options;
    const { lists, clock, log, signal } = options;
    this.#throttled = new LogThrottle(log, clock, {
      kindOf: ({ list }) => String(list),
    });
    const [mutex, turns] = [new Mutex(), new SharedTurns({ clock })];
    this.#lists = new Map(lists.map((rules) => [`${LIST_PATH}${rules.name}`, {
      rules,
      readers: new NetworkSet(
        rules.allowFrom.map((network) => ({ network, label: network })),
      ),
      copy: new ListCopy({ rules, clock, mutex, turns, signal }),
    }]));
  }

  /** The names of the lists. */
  get names(): readonly string[] {
    return this.#options.lists.map(({ name }) => name);
  }

  /**
   * How often lists were made: each at most once for each change of the table.
   */
  get made(): number {
    let made = 0;
    for (const { copy } of this.#lists.values()) made += copy.made;
    return made;
  }

  has(path: string): boolean {
    return this.#lists.has(path);
  }

  /** Whether a peer may read any list, judging by its address. */
  hasReader(peer: string): boolean {
    return this.#lists.values().some(({ readers }) => isReader(readers, peer));
  }

  async answer(request: HttpRequest): Promise<HttpAnswer> {
    const list = this.#lists.get(request.path);
    if (list === undefined) return textAnswer(404, "there is no such list");
    const answer = await this.#answer(list, request);
    this.#note(list.rules, request, answer);
    return answer;
  }

  /** Logs what the throttle suppressed. */
  flush(): void {
    this.#throttled.flush();
  }

  async #answer(
    { rules, readers, copy }: ServedList,
    request: HttpRequest,
  ): Promise<HttpAnswer> {
    const { headers, peer } = request;
    if (!isReader(readers, peer)) {
      return textAnswer(403, `this list is not for ${peer}: see allowfrom`);
    }
    const { credentials } = rules;
    if (
      credentials !== undefined &&
      !hasShown(headers.get("authorization"), credentials)
    ) {
      return textAnswer(401, "this list takes a name and a password", {
        "www-authenticate": 'Basic realm="fail2ban-cluster", charset="UTF-8"',
      });
    }
    const { source, signal } = this.#options;
    const known = source();
    if (known === undefined) return unavailable("the bans are not loaded yet");
    if (known.storeTrouble !== undefined) {
      return unavailable("bans can't be stored: what is known may be old");
    }
    try {
      return await copyAnswer(rules, request, copy, await copy.newest(known));
    } catch (error) {
      if (signal.aborted && error === signal.reason) {
        return unavailable("the publisher ends");
      }
      if (!(error instanceof RuntimeError)) throw error;
      const { message: reason, hint } = error;
      const { name } = rules;
      this.#throttled.record("error", "a list can't be made", {
        ...{ list: name, reason, hint },
      });
      return unavailable("the list can't be made: see the publisher's log");
    }
  }

  #note({ name }: ListRules, { peer }: HttpRequest, answer: HttpAnswer): void {
    const { counters } = this;
    const { status, body } = answer;
    if (status === 200) counters.sent++;
    else if (status === 304) counters.unchanged++;
    else if (status === 503) counters.unavailable++;
    else counters.refused++;
    const isRefused = status === 401 || status === 403;
    this.#throttled.record(
      isRefused ? "notice" : "info",
      isRefused ? "a list was refused" : "a list was asked for",
      { list: name, peer, code: status, bytes: body?.length ?? 0 },
    );
  }
}

/** For a Unix socket the file's permissions have admitted the peer. */
function isReader(readers: NetworkSet, peer: string): boolean {
  if (peer === "local") return true;
  const address = parseAddress(peer);
  return address !== undefined &&
    readers.overlapping(addressSpan(address)) !== undefined;
}

async function copyAnswer(
  { format }: ListRules,
  { headers }: HttpRequest,
  copy: ListCopy,
  made: MadeList,
): Promise<HttpAnswer> {
  const gzipTag = `${made.tag}-gzip`;
  const isGzip = acceptsGzip(headers.get("accept-encoding"));
  const common = {
    "etag": `"${isGzip ? gzipTag : made.tag}"`,
    "cache-control": CACHE_CONTROL,
    "vary": "Accept-Encoding",
  };
  if (hasCopy(headers.get("if-none-match"), [made.tag, gzipTag])) {
    return { status: 304, headers: common, body: undefined };
  }
  const typed = { ...common, "content-type": TYPES[format] };
  if (!isGzip) return { status: 200, headers: typed, body: made.bytes };
  const body = await copy.gzipOf(made);
  return {
    status: 200,
    headers: { ...typed, "content-encoding": "gzip" },
    body,
  };
}

function unavailable(text: string): HttpAnswer {
  return textAnswer(503, text, { "retry-after": RETRY_SECONDS });
}
