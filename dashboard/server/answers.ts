import type { IncomingMessage, ServerResponse } from "node:http";
import { type ErrorCode, PatchstreamError } from "../../plan/index.js";
import type { Trouble } from "../messages.js";

/** The browser itself refuses what the page does not need: other hosts, inline code, frames. NiiVue makes blobs, and reads its fonts from data. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self' blob:",
  "connect-src 'self' blob: data:",
  "img-src 'self' blob: data:",
  "style-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cache-control": "no-store",
} as const;

type Headers = Readonly<Record<string, string | number>>;

/** Answers with the headers that every answer has. */
export function begin(response: ServerResponse, status: number, headers: Headers): void {
  response.writeHead(status, { ...HEADERS, ...headers });
}

export function send(
  response: ServerResponse,
  status: number,
  type: string,
  bytes: string | Uint8Array,
  more: Headers = {},
): void {
  begin(response, status, { "content-type": type, "content-length": Buffer.byteLength(bytes), ...more });
  response.end(bytes);
}

export function sendJson(response: ServerResponse, value: unknown): void {
  send(response, 200, "application/json", JSON.stringify(value));
}

/** HTTP's words for what a user can mend; all else is a fault of what stands behind us. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  SPEC_INVALID: 400,
  REQUEST_INVALID: 400,
  NOT_FOUND: 404,
  STEP_PASSED: 409,
  STEP_UNKNOWN: 404,
  STAGE_UNKNOWN: 404,
  TRAINING_ENDED: 409,
  LIMIT_EXCEEDED: 413,
  SERVER_BUSY: 503,
  UNAVAILABLE: 503,
  DEADLINE: 504,
};

export function troubleOf(error: unknown): Trouble {
  if (error instanceof PatchstreamError) return { code: error.facts.code, message: error.message };
  return { code: "INTERNAL", message: "the dashboard failed; where it runs, it says how" };
}

export function sendFailure(response: ServerResponse, error: unknown): void {
  const trouble = troubleOf(error);
  const status = STATUS[trouble.code as ErrorCode] ?? 502;
  send(response, status, "application/json", JSON.stringify(trouble));
}

/** Its own word, so that the page asks for another token and does not blame the trainer's. */
export function sendRefusal(response: ServerResponse, error: unknown): void {
  send(response, 401, "application/json", JSON.stringify(troubleOf(error)));
}

const MOST_BODY_BYTES = 4096;

/** A small JSON object that a page of our own sent. Throws REQUEST_INVALID for all else. */
export async function readOwnJson(request: IncomingMessage, host: string): Promise<Readonly<Record<string, unknown>>> {
  const { origin, "content-type": type = "" } = request.headers;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`)
    throw invalid("origin", origin, "this page's own");
  if (!/^application\/json\b/.test(type)) throw invalid("content-type", type, "application/json");
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > MOST_BODY_BYTES) break;
      pieces.push(piece);
    }
  } catch {
    throw invalid("body", `${bytes} bytes and then cut off`, "a JSON object"); // nobody hears it: the page has gone
  }
  if (bytes > MOST_BODY_BYTES) throw invalid("body", `${bytes} bytes`, `at most ${MOST_BODY_BYTES} bytes`);
  try {
    const value: unknown = JSON.parse(Buffer.concat(pieces).toString());
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>;
  } catch {
    // said below
  }
  throw invalid("body", `${bytes} bytes`, "a JSON object");
}

export function invalid(field: string, got: unknown, want: string): PatchstreamError {
  return new PatchstreamError({ code: "REQUEST_INVALID", field, got, want });
}

/** Yes or no of a body; no where there is none. Throws REQUEST_INVALID. */
export function yesOrNo(field: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== "boolean") throw invalid(field, value, "true or false");
  return value ?? false;
}

/** A whole number of a query or a body; undefined where there is none. Throws REQUEST_INVALID. */
export function wholeNumber(field: string, value: unknown): number | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0)
    throw invalid(field, value, "a whole number from 0 on");
  return number;
}
