import { appendFileSync, closeSync, constants, openSync } from "node:fs";
import { whyNotWritten } from "../../disk/file-faults.js";
import { OWNER_ONLY_FILE } from "../../disk/write-file.js";
import { type ErrorCode, PatchstreamError } from "../../plan/errors.js";
import type { Carrier } from "../carrier.js";
import type { ServiceLog } from "./service-log.js";

/** At the end of the file, made where it is missing; of a pipe that nobody reads it is said, not waited for: calls go on. */
const APPENDING = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** What a call is about. */
export interface Concern {
  /** Digest of a run. */
  readonly run?: string;
  readonly training?: string;
}

/** How a call ended. `GONE`: the client left before it was over. */
export type CallResult = "OK" | "GONE" | ErrorCode;

/** A line of the audit log, but for its time. */
export interface AuditedCall extends Concern {
  /** A call that both sides stream on has a line at its start, too. */
  readonly at: "start" | "end";
  readonly method: string;
  readonly peer: string;
  readonly certificate?: string;
  readonly token?: string;
  readonly carrier?: Carrier;
  /** At the end. */
  readonly result?: CallResult;
  readonly seconds?: number;
}

/**
 * Who called what, and what came of it: JSON lines at the end of a file that only its owner may read. The file is opened for each line,
 * so the tools that rotate logs may move it at any time. Where a line cannot be written the calls go on, and the service's log says so.
 */
export class AuditLog {
  readonly #file: string;
  readonly #log: ServiceLog;
  #isLosing = false;

  /** Throws WRITE_FAILED for a file that cannot be written. */
  constructor(file: string, log: ServiceLog) {
    this.#file = file;
    this.#log = log;
    try {
      this.#append("");
    } catch (cause) {
      throw new PatchstreamError({ code: "WRITE_FAILED", file, reason: whyNotWritten(cause) }, undefined, { cause });
    }
  }

  write(call: AuditedCall): void {
    try {
      this.#append(`${JSON.stringify({ time: new Date().toISOString(), ...call })}\n`);
      this.#isLosing = false;
    } catch (error) {
      if (!this.#isLosing) this.#log({ event: "audit-failed", reason: whyNotWritten(error) });
      this.#isLosing = true;
    }
  }

  #append(text: string): void {
    const opened = openSync(this.#file, APPENDING, OWNER_ONLY_FILE);
    try {
      appendFileSync(opened, text);
    } finally {
      closeSync(opened);
    }
  }
}
