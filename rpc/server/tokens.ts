import { timingSafeEqual } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { Metadata } from "@grpc/grpc-js";
import { RenewedFiles } from "../../disk/renewed-files.js";
import { PatchstreamError } from "../../plan/errors.js";
import { sha256 } from "../checksum.js";
import type { MethodName, ServiceName } from "../service.js";
import { refusedRenewal, type ServiceLog } from "./service-log.js";
import { type AcceptedToken, readTokenFile, type Scope, type TokenOptions, wantsToken } from "./token-file.js";

const TRAIN: readonly Scope[] = ["train"];
const WATCH: readonly Scope[] = ["train", "watch"];

/** Which scopes open a method; a new one fails to compile until it stands here. */
const OPENED_BY: {
  readonly [S in ServiceName]: readonly Scope[] | { readonly [M in MethodName<S>]: readonly Scope[] };
} = {
  DataService: ["data"],
  TrainerService: {
    startTraining: TRAIN,
    watchTraining: WATCH,
    setStage: TRAIN,
    stopTraining: TRAIN,
    describeTraining: WATCH,
    listTrainings: WATCH,
    getCheckpoint: TRAIN,
    describeModel: WATCH,
    predict: TRAIN,
  },
};

/** The scope of a token that names none. */
const OWN_SCOPE: Readonly<Record<ServiceName, Scope>> = { DataService: "data", TrainerService: "train" };

/** A token as it is compared. */
interface Known {
  readonly hash: Buffer;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Aborts when the token is accepted no more, or with other scopes. */
  readonly revoked: AbortController;
}

/** Whose token opened a call; `revoked` aborts when it is accepted no more. */
export interface OpenedBy {
  readonly token: string;
  readonly revoked: AbortSignal;
}

/** The tokens that a service accepts, by now. */
export class AcceptedTokens implements Disposable {
  readonly #service: ServiceName;
  #known: readonly Known[] = [];
  #file: RenewedFiles<readonly AcceptedToken[]> | undefined;

  /** Undefined where calls need no token. Throws what `readTokenFile` does. */
  static open(service: ServiceName, options: TokenOptions, log: ServiceLog): AcceptedTokens | undefined {
    return wantsToken(options) ? AcceptedTokens.opened(service, options, log) : undefined;
  }

  /** As `open`, for calls that always need one. */
  static opened(service: ServiceName, options: TokenOptions, log: ServiceLog): AcceptedTokens {
    const { token = [], tokenFile } = options;
    const given = typeof token === "string" ? [{ token }] : token;
    const tokens = new AcceptedTokens(service, given);
    if (tokenFile !== undefined) tokens.#follow(tokenFile, given, log);
    return tokens;
  }

  constructor(service: ServiceName, tokens: readonly AcceptedToken[]) {
    this.#service = service;
    this.replace(tokens);
  }

  #follow(file: string, given: readonly AcceptedToken[], log: ServiceLog): void {
    this.#file = new RenewedFiles<readonly AcceptedToken[]>({
      files: [file],
      read: () => readTokenFile(file),
      onRenewed: (tokens) => {
        const revoked = this.replace([...given, ...tokens]);
        log({ event: "tokens-renewed", tokens: this.#known.length, revoked });
      },
      onRefused: (error) => log(refusedRenewal(error)),
    }).start();
    this.replace([...given, ...this.#file.value]);
  }

  /** Accepts these and no others from now on; how many are accepted no more, or with other scopes. */
  replace(tokens: readonly AcceptedToken[]): number {
    const before = this.#known;
    this.#known = tokens.map(({ token, name = "the token", scopes = [OWN_SCOPE[this.#service]] }) => {
      const hash = sha256(`Bearer ${token}`);
      const same = before.find((known) => known.hash.equals(hash) && known.scopes.join() === scopes.join());
      return { hash, name, scopes, revoked: same?.revoked ?? newController() };
    });
    const gone = before.filter(({ revoked }) => !this.#known.some((known) => known.revoked === revoked));
    for (const { revoked } of gone) revoked.abort(unauthenticated("the bearer token was revoked"));
    return gone.length;
  }

  /**
   * Whose token a call of a method carries. Throws UNAUTHENTICATED for one that carries none that is accepted, or one that is not
   * meant for the method. It takes the same time whichever token matches, or none.
   */
  check(metadata: Metadata, method: string): OpenedBy {
    return this.checkScopes(String(metadata.get("authorization")[0] ?? ""), scopesOf(this.#service, method));
  }

  /** The same for what is no method: `authorization` is `Bearer TOKEN`, of a token with one of the scopes `wanted`. */
  checkScopes(authorization: string, wanted: readonly Scope[]): OpenedBy {
    const got = sha256(authorization);
    const matching = this.#known.filter(({ hash }) => timingSafeEqual(hash, got));
    if (matching.length === 0) throw unauthenticated("the bearer token is missing or wrong");
    const found = matching.find(({ scopes }) => scopes.some((scope) => wanted.includes(scope)));
    if (found === undefined) throw unauthenticated(`the bearer token lacks the scope "${wanted.join('" or "')}"`);
    return { token: found.name, revoked: found.revoked.signal };
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
  }
}

function scopesOf(service: ServiceName, method: string): readonly Scope[] {
  const opened: readonly Scope[] | Readonly<Record<string, readonly Scope[]>> = OPENED_BY[service];
  if (isList(opened)) return opened;
  return opened[method] ?? [];
}

function isList(opened: readonly Scope[] | Readonly<Record<string, readonly Scope[]>>): opened is readonly Scope[] {
  return Array.isArray(opened);
}

function newController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // one a call
  return controller;
}

function unauthenticated(reason: string): PatchstreamError {
  return new PatchstreamError({ code: "UNAUTHENTICATED", reason });
}
