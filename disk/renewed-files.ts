import { statSync } from "node:fs";
import { stat } from "node:fs/promises";

/** How often files are looked at. */
const LOOK_MS = 1_000;

/** What a value is read from, and who is told of it. */
export interface RenewedFilesOptions<Value> {
  readonly files: readonly string[];
  /** Reads and checks the files; throws for what they must not be. */
  read(): Value;
  /** Told of a value that has taken the place of the one before. */
  onRenewed?(value: Value): void;
  /** Told once of files that have changed and cannot be taken: the value stays what it was. */
  onRefused?(error: unknown): void;
}

/**
 * What files hold, read again when they change. A change counts when the files have stayed the same from one look to the next, a second
 * later: a file that is being written is not taken for a whole one. It is found by looking, not by the system's notices, which do not
 * come from network folders and for the links by which containers exchange secrets.
 */
export class RenewedFiles<Value> implements Disposable {
  readonly #options: RenewedFilesOptions<Value>;
  /** Of the files that were read last. */
  #read: string;
  /** Of the files at the last look. */
  #seen: string;
  #value: Value;
  #timer: NodeJS.Timeout | undefined;

  /** Reads the files; throws what `read` throws. They are looked at from `start` on. */
  constructor(options: RenewedFilesOptions<Value>) {
    this.#options = options;
    this.#read = this.#seen = options.files.map((file) => mark(statOf(file))).join();
    this.#value = options.read();
  }

  /** What the files held when they could last be read. */
  get value(): Value {
    return this.#value;
  }

  /** Looks at the files from now on, each second. This keeps no process alive. */
  start(): this {
    this.#timer ??= setTimeout(() => void this.#lookAndGoOn(), LOOK_MS).unref();
    return this;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Looks once, and reads the files where they are others than were read last and the same as at the look before. */
  async look(): Promise<void> {
    const { files } = this.#options;
    const found = await Promise.all(files.map((file) => stat(file, { bigint: true }).catch(() => undefined)));
    const seen = found.map(mark).join();
    if (seen !== this.#read && seen === this.#seen) this.#readAgain(seen);
    this.#seen = seen;
  }

  async #lookAndGoOn(): Promise<void> {
    const timer = this.#timer;
    await this.look();
    if (timer === undefined || this.#timer !== timer) return; // it was disposed meanwhile
    this.#timer = undefined;
    this.start();
  }

  #readAgain(seen: string): void {
    const { read, onRenewed, onRefused } = this.#options;
    this.#read = seen;
    try {
      this.#value = read();
    } catch (error) {
      onRefused?.(error);
      return;
    }
    onRenewed?.(this.#value);
  }
}

/** Undefined where it cannot be looked at: why, the reading says. */
function statOf(file: string): Mark | undefined {
  try {
    return statSync(file, { bigint: true });
  } catch {
    return undefined;
  }
}

type Mark = Readonly<Record<"dev" | "ino" | "size" | "mtimeNs" | "ctimeNs", bigint>>;

/** Another one when the file is another one. */
function mark(found: Mark | undefined): string {
  if (found === undefined) return "missing";
  return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(":");
}
