import { readNamedFile } from "../../disk/read-file.js";
import { PatchstreamError, refuse } from "../../plan/errors.js";

/** What a token may be used for: calling data servers, calling trainers, watching what trainers do. */
export type Scope = "data" | "train" | "watch";

const SCOPES: readonly Scope[] = ["data", "train", "watch"];

/** A bearer token that a server accepts. */
export interface AcceptedToken {
  readonly token: string;
  /** Absent: that of the service it is given to. */
  readonly scopes?: readonly Scope[];
  /** What the audit log and limits call it. */
  readonly name?: string;
}

const WANTED = "a file with a token on each line (--token-file)";
const LINE = 'a token, "SCOPE[,SCOPE] TOKEN" or "NAME SCOPE[,SCOPE] TOKEN" (scopes: data, train, watch)';
const NAME = /^[\w.@-]{1,64}$/;

/**
 * The tokens of a file: one a line, `TOKEN`, `SCOPE[,SCOPE] TOKEN` or `NAME SCOPE[,SCOPE] TOKEN`; empty lines are left out. Throws
 * SPEC_INVALID for a line that is none of them, never telling what it holds, and INPUT_DAMAGED for a file without a token and one
 * that cannot be read.
 */
export function readTokenFile(file: string): AcceptedToken[] {
  const lines = readNamedFile(file, WANTED).toString().split("\n");
  const tokens = lines.flatMap((line, index) => {
    const words = line.trim().split(/\s+/);
    const token = words.pop() ?? "";
    const [scopes, name = `line ${index + 1}`] = words.toReversed();
    if (token === "") return [];
    if (scopes === undefined) return [{ token, name }];
    const named = scopes.split(",");
    if (words.length > 2 || !named.every(isScope) || (words.length === 2 && !NAME.test(name)))
      refuse(`${file}, line ${index + 1}`, "something else", LINE);
    return [{ token, scopes: named.filter(isScope), name }];
  });
  if (tokens.length === 0)
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason: "it holds no token", want: WANTED });
  return tokens;
}

function isScope(word: string): word is Scope {
  return SCOPES.some((scope) => scope === word);
}

/** Where a server's tokens come from. */
export interface TokenOptions {
  /** Calls must carry `authorization: Bearer TOKEN`, of one of these. Beyond this machine a token needs TLS. */
  readonly token?: string | readonly AcceptedToken[];
  /** A file of them (`readTokenFile`), read again when it changes. */
  readonly tokenFile?: string;
}

export function wantsToken({ token, tokenFile }: TokenOptions): boolean {
  return token !== undefined || tokenFile !== undefined;
}
