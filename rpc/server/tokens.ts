import { timingSafeEqual } from "node:crypto";
import type { Metadata } from "@grpc/grpc-js";
import { readNamedFile } from "../../disk/read-file.js";
import { PatchstreamError, refuse } from "../../plan/errors.js";
import { sha256 } from "../checksum.js";
import type { ServiceName } from "../service.js";

/** What a token may be used for: calling data servers, calling trainers. */
export type Scope = "data" | "train";

const SCOPES: readonly Scope[] = ["data", "train"];

/** The scope that each service asks for; a new service fails to compile until it stands here. */
const SCOPE_OF: Readonly<Record<ServiceName, Scope>> = { DataService: "data", TrainerService: "train" };

/** A bearer token that a server accepts. */
export interface AcceptedToken {
  readonly token: string;
  /** Absent: that of the service it is given to. */
  readonly scopes?: readonly Scope[];
}

const WANTED = "a file with a token on each line (--token-file)";

/**
 * The tokens of a file: one a line, `TOKEN` or `SCOPE[,SCOPE] TOKEN`; empty lines are left out. Throws SPEC_INVALID for a line that
 * is neither, never telling what it holds, and INPUT_DAMAGED for a file without a token and one that cannot be read.
 */
export function readTokenFile(file: string): AcceptedToken[] {
  const lines = readNamedFile(file, WANTED).toString().split("\n");
  const tokens = lines.flatMap((line, index) => {
    const words = line.trim().split(/\s+/);
    const [first = "", second] = words;
    if (first === "") return [];
    if (second === undefined) return [{ token: first }];
    const scopes = first.split(",");
    if (words.length > 2 || !scopes.every(isScope))
      refuse(`${file}, line ${index + 1}`, "something else", 'a token, or "data", "train" or "data,train" and a token');
    return [{ token: second, scopes: scopes.filter(isScope) }];
  });
  if (tokens.length === 0)
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason: "it holds no token", want: WANTED });
  return tokens;
}

function isScope(word: string): word is Scope {
  return SCOPES.some((scope) => scope === word);
}

/**
 * A check of a call's `authorization: Bearer TOKEN`. It throws UNAUTHENTICATED for a call whose token is none of `accepted` or is not
 * meant for the service. It takes the same time whichever token matches, or none.
 */
export function tokenCheck(
  accepted: string | readonly AcceptedToken[],
  service: ServiceName,
): (metadata: Metadata) => void {
  const scope = SCOPE_OF[service];
  const tokens = typeof accepted === "string" ? [{ token: accepted }] : accepted;
  const known = tokens.map(({ token, scopes = [scope] }: AcceptedToken) => ({
    hash: sha256(`Bearer ${token}`),
    mayCall: scopes.includes(scope),
  }));
  return (metadata) => {
    const got = sha256(String(metadata.get("authorization")[0] ?? ""));
    const matching = known.filter(({ hash }) => timingSafeEqual(hash, got));
    if (matching.length === 0)
      throw new PatchstreamError({ code: "UNAUTHENTICATED", reason: "the bearer token is missing or wrong" });
    if (!matching.some(({ mayCall }) => mayCall))
      throw new PatchstreamError({ code: "UNAUTHENTICATED", reason: `the bearer token lacks the scope "${scope}"` });
  };
}
