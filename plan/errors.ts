import { printable } from "./printable.js";

/**
 * What went wrong, as data. `code` is the contract that scripts and clients match; the other fields say what, where and
 * what would be right. One code, one gRPC status (see `rpc/status.ts`).
 */
export type ErrorFacts =
  | { code: "SPEC_INVALID"; field: string; got: unknown; want: string }
  | { code: "REQUEST_INVALID"; field: string; got: unknown; want: string }
  | { code: "UNAUTHENTICATED"; reason: string }
  | { code: "UNSUPPORTED"; what: string; want: string }
  | { code: "INTERNAL"; where: string; reason: string }
  | { code: "INPUT_DAMAGED"; file: string; reason: string; want: string }
  | { code: "STORE_DAMAGED"; store: string; case?: string; chunk?: string; reason: string }
  | { code: "NOT_FOUND"; what: string; name: string; known: readonly string[] }
  | { code: "ALREADY_EXISTS"; what: string; name: string }
  | { code: "DATASET_CHANGED"; dataset: string; digest: string }
  | { code: "RECIPE_UNKNOWN"; recipe: number; speaks: number }
  | { code: "STEP_PASSED"; step: number; delivered: number }
  | { code: "STEP_UNKNOWN"; timeline: "train" | "val"; step: number; steps: number }
  | { code: "STAGE_UNKNOWN"; timeline: "train" | "val"; stage: number; first: number; last: number }
  | { code: "PATCH_MISMATCH"; step: number; got: string; want: string }
  | { code: "LIMIT_EXCEEDED"; limit: string; got: number; max: number }
  | { code: "SERVER_BUSY"; limit: string; got: number; max: number }
  | { code: "BATCH_DAMAGED"; step: number; attempts: number }
  | { code: "MESSAGE_DAMAGED"; what: string }
  | { code: "UNAVAILABLE"; address: string; reason: string }
  | { code: "DEADLINE"; waitedFor: string; timeoutMs: number }
  | { code: "WORKER_DIED"; doing: string; attempts: number; reason: string }
  | { code: "PROCESS_DIED"; doing: string; reason: string }
  | { code: "ENGINE_MISSING"; engine: string; reason: string }
  | { code: "LOSS_NOT_FINITE"; step: number; stage: number; loss: number; gradientNorm: number }
  | { code: "TRAINING_ENDED"; training: string; state: string; reason: string }
  | { code: "WRITE_FAILED"; file: string; reason: string };

/** The code of a failure: what scripts match. */
export type ErrorCode = ErrorFacts["code"];

/** Failures of many causes: whoever finds one says what to do about it, or hands on what was said. */
type OfManyCauses = Extract<
  ErrorFacts,
  { code: "UNAVAILABLE" | "TRAINING_ENDED" | "ALREADY_EXISTS" | "ENGINE_MISSING" }
>;

/**
 * What to do about a failure of one cause, where whoever finds it says nothing better; as docs/reference/errors.md has it. Of the codes that
 * are neither here nor of many causes, the message says what would be right.
 */
export const USUAL_HINTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  UNAUTHENTICATED: "Give a token that the server accepts.",
  INTERNAL: "Report it with the message.",
  STORE_DAMAGED: "Ingest again; open it again if that was done since; or restore a copy.",
  DATASET_CHANGED: "Ask for the first page again.",
  RECIPE_UNKNOWN: "Use the version the run began with, or begin a new run.",
  STEP_PASSED: "Name a later step, or none.",
  PATCH_MISMATCH: "A fault of that server: replace it, and report it.",
  SERVER_BUSY: "Ask another replica, or this one later.",
  BATCH_DAMAGED: "The network or a machine's memory flips bits; look there.",
  MESSAGE_DAMAGED: "The client asks again by itself, twice; then look at the network.",
  DEADLINE: "Look at what was waited for; raise the deadline if it is merely slow.",
  WORKER_DIED: "See the server's log: most often memory has run out.",
  PROCESS_DIED: "See the trainer's log: most often memory has run out. Resume the training.",
  LOSS_NOT_FINITE: "Lower the learning rate; see the last checkpoint.",
  WRITE_FAILED: "Make room, mend permissions or name another place, and start again.",
};

/** Longest piece of a refused value that a message repeats, in characters. */
const SHOWN = 60;

/** `want` of a field that nothing reads. */
export const KNOWN_FIELD = "a known field";

/** A refused value in a few words: a peer may send one of any size and depth. */
function show(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string" && value.length > SHOWN) return `${JSON.stringify(value.slice(0, SHOWN))}...`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? typeof value;
  if (!Array.isArray(value)) return `an object with ${Object.keys(value).length} fields`;
  const flat = value.length <= 8 && value.every((entry) => typeof entry !== "object");
  return flat ? `[${value.map(show).join(",")}]` : `a list of ${entryCount(value)} entries`;
}

/** Entries of a list that a server may have shortened: its last one says then how many more there were (`rpc/status.ts`). */
function entryCount(list: readonly unknown[]): number {
  const last = list.at(-1);
  const more = typeof last === "string" ? /^\.\.\. (\d+) more$/.exec(last)?.[1] : undefined;
  return more === undefined ? list.length : list.length - 1 + Number(more);
}

function describe(facts: ErrorFacts): string {
  switch (facts.code) {
    case "SPEC_INVALID":
    case "REQUEST_INVALID":
      if (facts.want === KNOWN_FIELD) return `${facts.field} is not a known field`;
      return `${facts.field} is ${show(facts.got)}; it must be ${facts.want}`;
    case "UNAUTHENTICATED":
      return `the call was refused: ${facts.reason}`;
    case "UNSUPPORTED":
      return `${facts.what} is not supported; it must be ${facts.want}`;
    case "INTERNAL":
      return `${facts.where}: ${facts.reason}`;
    case "INPUT_DAMAGED":
      return `${facts.file}: ${facts.reason}; it must be ${facts.want}`;
    case "STORE_DAMAGED": {
      const where = [facts.store, facts.case && `case ${facts.case}`, facts.chunk && `chunk ${facts.chunk}`];
      return `${where.filter(Boolean).join(", ")}: ${facts.reason}`;
    }
    case "NOT_FOUND":
      return `no ${facts.what} ${JSON.stringify(facts.name)}${facts.known.length > 0 ? `; known: ${facts.known.join(", ")}` : ""}`;
    case "ALREADY_EXISTS":
      return `${facts.what} ${facts.name} already exists`;
    case "DATASET_CHANGED":
      return `the pages of data set ${facts.dataset} were not all of the same data; it has digest ${facts.digest} now`;
    case "RECIPE_UNKNOWN":
      return `the run was made with recipe ${facts.recipe}; this server speaks recipe ${facts.speaks}`;
    case "STEP_PASSED":
      return `step ${facts.step} has passed; step ${facts.delivered} has been delivered`;
    case "STEP_UNKNOWN":
      return `step ${facts.step} does not exist; the ${facts.timeline} timeline has steps 0 to ${facts.steps - 1}`;
    case "STAGE_UNKNOWN":
      return `stage ${facts.stage} does not exist; the ${facts.timeline} timeline has ${facts.first === facts.last ? `stage ${facts.last} only` : `stages ${facts.first} to ${facts.last}`}`;
    case "PATCH_MISMATCH":
      return `step ${facts.step} came with ${facts.got}; its stage has ${facts.want}`;
    case "LIMIT_EXCEEDED":
      return `${facts.limit} is ${facts.got}; at most ${facts.max} is allowed`;
    case "SERVER_BUSY":
      return `the server is busy: ${facts.limit} is ${facts.got}; at most ${facts.max} is allowed`;
    case "BATCH_DAMAGED":
      return `step ${facts.step} arrived damaged ${facts.attempts} times (its CRC-32 did not match)`;
    case "MESSAGE_DAMAGED":
      return `${facts.what} was damaged on its way (its checksum does not match)`;
    case "UNAVAILABLE":
      return `${facts.address}: ${facts.reason}`;
    case "DEADLINE":
      return `waited ${facts.timeoutMs} ms for ${facts.waitedFor}`;
    case "WORKER_DIED":
      return `${facts.attempts} worker threads died ${facts.doing}: ${facts.reason}`;
    case "PROCESS_DIED":
      return `the process that ${facts.doing} ended: ${facts.reason}`;
    case "ENGINE_MISSING":
      return `engine ${facts.engine} is not usable here: ${facts.reason}`;
    case "LOSS_NOT_FINITE":
      return `the loss is ${facts.loss}, the gradient norm ${facts.gradientNorm}, at step ${facts.step}, stage ${facts.stage}`;
    case "TRAINING_ENDED":
      return `training ${facts.training} ${facts.state}${facts.reason === "" ? "" : `: ${facts.reason}`}`;
    case "WRITE_FAILED":
      return `${facts.file} was not written: ${facts.reason}`;
  }
}

/**
 * Every failure a user can meet. `message` says in one line what, where, and what would be right; `hint`, where there is one, says
 * what to do and ends the message. Match `facts.code`, not the text.
 */
export class PatchstreamError extends Error {
  override readonly name = "PatchstreamError";
  readonly facts: ErrorFacts;
  readonly hint: string | undefined;

  constructor(facts: Exclude<ErrorFacts, OfManyCauses>, hint?: string, options?: ErrorOptions);
  constructor(facts: ErrorFacts, hint: string | undefined, options?: ErrorOptions);
  constructor(facts: ErrorFacts, hint?: string, options?: ErrorOptions) {
    super(printable(hint === undefined ? describe(facts) : `${describe(facts)}. ${hint}`), options);
    this.facts = facts;
    this.hint = hint;
  }

  get code(): ErrorCode {
    return this.facts.code;
  }

  /** The message for a person who has nothing but this line: where it says neither what would be right nor what to do, that follows. */
  get advice(): string {
    const usual = this.hint === undefined ? USUAL_HINTS[this.code] : undefined;
    return usual === undefined ? this.message : `${this.message}. ${usual}`;
  }
}

/** Refuses a field of a spec, by name. `want` completes "it must be ...". */
export function refuse(field: string, got: unknown, want: string, hint?: string): never {
  throw new PatchstreamError({ code: "SPEC_INVALID", field, got: shallow(got, 3), want }, hint);
}

/** Refuses a field of a request, by name. `want` completes "it must be ...". */
export function refuseRequest(field: string, got: unknown, want: string): never {
  throw new PatchstreamError({ code: "REQUEST_INVALID", field, got, want });
}

/** The value, cut off below `levels` of nesting: a peer may nest without end, and errors travel as JSON. */
function shallow(value: unknown, levels: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (levels === 0) return "...";
  if (Array.isArray(value)) return value.map((entry) => shallow(entry, levels - 1));
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, shallow(entry, levels - 1)]));
}
