import { PatchstreamError } from "../../../plan/errors.js";
import { Passing, type Patience, patiently } from "./patience.js";
import type { ReadCounts } from "./read-counts.js";
import type { RemoteFiles } from "./remote-files.js";

/** Answers that another attempt may change. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Failures of a connection that no other attempt changes: its certificate is not trusted. */
const UNTRUSTED = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS)/;

/** Far more than a file that is read whole has: a store's records, 4 KiB a case. */
const MOST_WHOLE_BYTES = 256 << 20;

/** Where a range begins, or how many bytes it has from the file's end. */
type Range = { readonly start: number } | { readonly last: number };

/**
 * Reads files by HTTP, with as few requests as it is asked for. What fails in passing is tried again, from the byte on where it was cut
 * off. Throws UNAVAILABLE for a server that cannot be reached or refuses, UNSUPPORTED for one that knows no ranges.
 */
export class HttpReads {
  readonly #files: RemoteFiles;
  readonly #patience: Patience;
  /** What its readers count in too. */
  readonly counts: ReadCounts;

  constructor(files: RemoteFiles, patience: Patience, counts: ReadCounts) {
    this.#files = files;
    this.#patience = patience;
    this.counts = counts;
  }

  /** A whole file; undefined where there is none. */
  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#patiently(
      key,
      () => false,
      async (silence) => {
        const response = await this.#ask(key, undefined, silence);
        if (response.status === 404) return undefined;
        const pieces: Uint8Array[] = [];
        let bytes = 0;
        for await (const piece of this.#bodyOf(response, silence)) {
          bytes += piece.length;
          if (bytes > MOST_WHOLE_BYTES)
            throw this.#unavailable(
              `${key}: its server sent more than ${MOST_WHOLE_BYTES >> 20} MiB, which no such file has`,
            );
          pieces.push(piece);
        }
        return Buffer.concat(pieces);
      },
    );
  }

  /**
   * Fills `target` with a file's bytes from `start` on, and returns how many there are: less than its length only where the file ends
   * before. Throws where there is no file, or it ends before `start`.
   */
  async read(key: string, target: Uint8Array, start: number): Promise<number> {
    const { filled } = await this.#fill(key, target, { start });
    return filled;
  }

  /** Fills `target` with a file's last bytes, and returns the bytes of all of it. Throws where there is none, or it is shorter. */
  async readEnd(key: string, target: Uint8Array): Promise<number> {
    const { filled, total } = await this.#fill(key, target, { last: target.length });
    if (filled < target.length) throw new Error("it is cut short");
    return total;
  }

  async #fill(key: string, target: Uint8Array, range: Range): Promise<{ filled: number; total: number }> {
    let filled = 0;
    let before = 0;
    /** Once it is known. */
    let start = "start" in range ? range.start : undefined;
    const progressed = () => {
      const has = filled > before;
      before = filled;
      return has;
    };
    return this.#patiently(key, progressed, async (silence) => {
      const end = start === undefined ? undefined : start + target.length;
      const asked = end === undefined ? `-${target.length}` : `${(start as number) + filled}-${end - 1}`;
      const response = await this.#ask(key, `bytes=${asked}`, silence);
      if (response.status === 404) throw new Error(`${key} is missing`);
      const part = await this.#partOf(response, key);
      start ??= part.start;
      if (part.start !== start + filled) throw new Passing("its server sent another part than was asked for");
      for await (const piece of this.#bodyOf(response, silence)) {
        const wanted = piece.subarray(0, target.length - filled);
        target.set(wanted, filled);
        filled += wanted.length;
        if (wanted.length < piece.length) break; // more than was asked for: it need not end
      }
      const wanted = Math.min(target.length, part.total - start);
      if (filled < wanted) throw new Passing(`its server ended the answer at byte ${start + filled}`);
      return { filled, total: part.total };
    });
  }

  /** Which part of the file comes, and the bytes of all of it. */
  async #partOf(response: Response, key: string): Promise<{ start: number; total: number }> {
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "") ?? [];
    if (response.status === 206 && start !== undefined) return { start: Number(start), total: Number(total) };
    await letGo(response);
    if (response.status === 416) throw new Error("it is cut short");
    const { name } = this.#files;
    const hint = "Most web servers do: nginx, Apache and Caddy among them, but not Python's http.server.";
    const what = `${name}${key} without range requests`;
    const want = `a server that sends parts of files (status 206; this one answered ${response.status})`;
    throw new PatchstreamError({ code: "UNSUPPORTED", what, want }, hint);
  }

  /** An answer that has what was asked for (200, 206), or says that it is not there (404, 416). Throws Passing, UNAVAILABLE. */
  async #ask(key: string, range: string | undefined, silence: Silence): Promise<Response> {
    const { url, headers } = await this.#files.request(key);
    const asked = { ...headers, "accept-encoding": "identity", ...(range !== undefined && { range }) };
    this.counts.add("requests");
    let response: Response;
    try {
      response = await fetch(url, { headers: asked, signal: silence.signal });
    } catch (error) {
      throw this.#unreached(key, error, silence);
    }
    silence.broken();
    const { status, statusText } = response;
    if (status === 200 || status === 206 || status === 404 || status === 416) return response;
    await letGo(response);
    const answered = `its server answered ${`${status} ${statusText}`.trim()}`;
    if (PASSING.has(status)) throw new Passing(answered, 1e3 * Number(response.headers.get("retry-after") ?? 0) || 0);
    const region = response.headers.get("x-amz-bucket-region");
    const hint =
      region === null ? this.#files.refusedHint : `The bucket is in the region ${region}: set AWS_REGION to it.`;
    throw this.#unavailable(`${key}: ${answered}`, [301, 307, 400, 401, 403].includes(status) ? hint : undefined);
  }

  async *#bodyOf(response: Response, silence: Silence): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of response.body ?? []) {
        silence.broken();
        this.counts.add("receivedBytes", piece.length);
        yield piece;
      }
    } catch (error) {
      if (silence.signal.aborted) throw new Passing(silence.reason);
      const { code, message } = causeOf(error);
      throw new Passing(`its server broke off (${code ?? message})`);
    }
  }

  #unreached(key: string, error: unknown, silence: Silence): Error {
    if (silence.signal.aborted) return new Passing(silence.reason);
    const { code, message } = causeOf(error);
    const reason = `no connection to ${this.#files.host} (${code ?? message})`;
    if (!UNTRUSTED.test(code ?? "")) return new Passing(reason);
    const hint = "Its certificate is not trusted here: NODE_EXTRA_CA_CERTS names a file of further authorities.";
    return this.#unavailable(`${key}: ${reason}`, hint);
  }

  #unavailable(reason: string, hint?: string): PatchstreamError {
    return new PatchstreamError({ code: "UNAVAILABLE", address: this.#files.name, reason }, hint);
  }

  #patiently<Value>(
    key: string,
    hasProgressed: () => boolean,
    attempt: (silence: Silence) => Promise<Value>,
  ): Promise<Value> {
    const { silenceMs } = this.#patience;
    let attempts = 0;
    return patiently(
      this.#patience,
      async () => {
        if (attempts++ > 0) this.counts.add("retries");
        using silence = new Silence(silenceMs);
        return await attempt(silence);
      },
      hasProgressed,
      ({ reason }, attempts) => this.#unavailable(`${key}: ${reason}, ${attempts} times`),
    );
  }
}

/** Ends a request that brings nothing for too long. */
class Silence implements Disposable {
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #ms: number;

  constructor(ms: number) {
    this.#ms = ms;
    this.#timer = setTimeout(() => this.#abort.abort(), ms);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get reason(): string {
    return `its server was silent for ${this.#ms} ms`;
  }

  /** Something came. */
  broken(): void {
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** Ends an answer that nobody reads. */
async function letGo(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

/** What lies behind `fetch failed`. */
function causeOf(error: unknown): NodeJS.ErrnoException {
  if (!(error instanceof Error)) return new Error(String(error));
  return error.cause instanceof Error ? error.cause : error;
}
