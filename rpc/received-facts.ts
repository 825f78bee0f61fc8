import type { ErrorCode, ErrorFacts } from "../plan/errors.js";

/** What a field of an error's facts holds. A number that is not finite travels as text. */
type Kind = "text" | "number" | "list";

type FieldsOf<Code extends ErrorCode> = {
  readonly [Name in Exclude<keyof Extract<ErrorFacts, { code: Code }>, "code" | "got" | "case" | "chunk">]: Kind;
};

const TRAINED = { step: "number", stage: "number", loss: "number", gradientNorm: "number" } as const;
const FIELD = { field: "text", want: "text" } as const;
const LIMIT = { limit: "text", max: "number" } as const;

/** The fields that the facts of a code must have; a new code or field fails to compile until it stands here. */
const FIELDS: { readonly [Code in ErrorCode]: FieldsOf<Code> } = {
  SPEC_INVALID: FIELD,
  REQUEST_INVALID: FIELD,
  UNAUTHENTICATED: { reason: "text" },
  UNSUPPORTED: { what: "text", want: "text" },
  INTERNAL: { where: "text", reason: "text" },
  INPUT_DAMAGED: { file: "text", reason: "text", want: "text" },
  STORE_DAMAGED: { store: "text", reason: "text" },
  NOT_FOUND: { what: "text", name: "text", known: "list" },
  ALREADY_EXISTS: { what: "text", name: "text" },
  DATASET_CHANGED: { dataset: "text", digest: "text" },
  RECIPE_UNKNOWN: { recipe: "number", speaks: "number" },
  STEP_PASSED: { step: "number", delivered: "number" },
  STEP_UNKNOWN: { timeline: "text", step: "number", steps: "number" },
  STAGE_UNKNOWN: { timeline: "text", stage: "number", first: "number", last: "number" },
  PATCH_MISMATCH: { step: "number", want: "text" },
  LIMIT_EXCEEDED: LIMIT,
  SERVER_BUSY: LIMIT,
  BATCH_DAMAGED: { step: "number", attempts: "number" },
  MESSAGE_DAMAGED: { what: "text" },
  UNAVAILABLE: { address: "text", reason: "text" },
  DEADLINE: { waitedFor: "text", timeoutMs: "number" },
  WORKER_DIED: { doing: "text", attempts: "number", reason: "text" },
  PROCESS_DIED: { doing: "text", reason: "text" },
  ENGINE_MISSING: { engine: "text", reason: "text" },
  LOSS_NOT_FINITE: TRAINED,
  TRAINING_ENDED: { training: "text", state: "text", reason: "text" },
  WRITE_FAILED: { file: "text", reason: "text" },
};

/** The facts that a peer sent as JSON; undefined where they are none of ours: a peer may say anything. */
export function receivedFacts(json: string): ErrorFacts | undefined {
  const facts = parsed(json);
  if (typeof facts !== "object" || facts === null) return undefined;
  const sent = facts as Readonly<Record<string, unknown>>;
  if (typeof sent.code !== "string" || !Object.hasOwn(FIELDS, sent.code)) return undefined;
  const fields = Object.entries<Kind>(FIELDS[sent.code as ErrorCode]);
  return fields.every(([name, kind]) => holds(sent[name], kind)) ? (facts as ErrorFacts) : undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function holds(value: unknown, kind: Kind): boolean {
  if (kind === "list") return Array.isArray(value);
  if (kind === "number")
    return typeof value === "number" || (typeof value === "string" && String(Number(value)) === value);
  return typeof value === "string";
}
