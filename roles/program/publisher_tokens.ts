/**
 * The publisher's tokens of protocol 1.
 *
 * @module
 */

import type { PublisherConfig } from "../../lib/config/config.ts";
import { ConfigError } from "../../lib/base/errors.ts";
import { SecretFile } from "../../lib/members/io/secret_file.ts";
import type { StoredForm } from "../../lib/base/json_form.ts";
import {
  parseTokenList,
  type TokenList,
  tokenList,
} from "../../lib/publisher/protocol1_tokens.ts";
import type { RoleContext } from "./invocation.ts";

/** What the tokens need from their role. */
type TokensContext = Pick<
  RoleContext<"publisher">,
  "config" | "log" | "hide" | "onReload"
>;

/** Plain text: the parser reports problems by line. */
const AS_IT_IS: StoredForm<string> = {
  what: "the tokens",
  encode: (text) => text,
  decode: (text) => text,
};

/** The current tokens. */
export class PublisherTokens {
  readonly #context: TokensContext;
  readonly #file: SecretFile<string> | undefined;
  #current: TokenList = tokenList(undefined);

  private constructor(
    context: TokensContext,
    file: SecretFile<string> | undefined,
  ) {
    this.#context = context;
    this.#file = file;
    context.onReload(() => file?.look());
  }

  /**
   * Reads the tokens.
   *
   * @throws {ConfigError} when the file's content is invalid.
   * @throws {RuntimeError} when it can't be read, or others may read it.
   */
  static async read(context: TokensContext): Promise<PublisherTokens> {
    const { config } = context;
    const file = fileOf(config);
    const tokens = new PublisherTokens(context, file);
    tokens.#take(await load(file, config));
    return tokens;
  }

  /** Gives the current list. */
  readonly current = (): TokenList => this.#current;

  /** The tasks to run, each until aborted: follow the file, if there is one. */
  get tasks(): readonly ((signal: AbortSignal) => Promise<void>)[] {
    const file = this.#file;
    return file === undefined ? [] : [(signal) => this.#follow(file, signal)];
  }

  async #follow(file: SecretFile<string>, signal: AbortSignal): Promise<void> {
    const { config, log } = this.#context;
    for await (const text of file.watch(signal, log)) {
      try {
        this.#take(parse(text, config));
        const { length } = this.#current.tokens;
        log.record("notice", "tokens read again", { tokens: length });
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        const reason = error.message.split("\n").join("; ");
        log.record("error", "the tokens stay as they were", { reason });
      }
    }
  }

  #take(tokens: TokenList): void {
    this.#context.hide(tokens.tokens);
    this.#current = tokens;
  }
}

/** For `check`: throws an error if the tokens are unusable. */
export async function checkTokens(config: PublisherConfig): Promise<void> {
  await load(fileOf(config), config);
}

function fileOf(
  { tokensPath }: PublisherConfig,
): SecretFile<string> | undefined {
  return tokensPath === undefined
    ? undefined
    : new SecretFile(tokensPath, AS_IT_IS, { isGroups: true });
}

async function load(
  file: SecretFile<string> | undefined,
  config: PublisherConfig,
): Promise<TokenList> {
  if (file === undefined) return tokenList(config.token);
  const text = await file.read();
  if (text === undefined) {
    const key = "publisher.authtokens";
    const expected = "a file of tokens, which is missing";
    const { tokensPath = "" } = config;
    throw new ConfigError([{ file: tokensPath, key, expected }]);
  }
  return parse(text, config);
}

/** Refuses an empty list, which would mean that no token is expected. */
function parse(
  text: string,
  { token, tokensPath: file = "" }: PublisherConfig,
): TokenList {
  const named = parseTokenList(text, file);
  if (named.length === 0 && token === undefined) {
    const expected = "a token, since publisher.auth is true";
    throw new ConfigError([{ file, expected }]);
  }
  return tokenList(token, named);
}
