import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type ErrorFacts, PatchstreamError } from "../../../plan/errors.js";
import type { Carrier } from "../../../rpc/carrier.js";
import type { HeldBatch, HeldChange, HeldClient, HeldOptions, HeldRun, HeldRunOptions } from "./held-client.js";

/** What a command says of itself in its first line. */
export interface ForeignHello {
  readonly client: string;
  /** What it can carry streams by. */
  readonly carriers: readonly Carrier[];
}

/** A line of a command's answers. */
interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly facts: ErrorFacts; readonly hint?: string | null; readonly message?: string };
}

interface Asked {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A client of any language as a command that is asked in lines of JSON: `docs/reference/conformance.md`. */
export class ForeignCommand {
  readonly hello: Promise<ForeignHello>;
  readonly #process: ChildProcess;
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;
  #ended: Error | undefined;

  constructor(command: string) {
    const [program = "", ...args] = command.split(/\s+/).filter((word) => word !== "");
    this.#process = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.hello = new Promise((resolve, reject) => {
      const answer = { resolve: (result: unknown) => resolve(result as ForeignHello), reject };
      this.#asked.set(0, answer);
    });
    this.hello.catch(() => {});
    this.#process.on("error", (error) => this.#end(new Error(`${command}: ${error.message}`)));
    this.#process.on("close", (code, signal) => this.#end(new Error(`${command} ended with ${code ?? signal}`)));
    this.#process.stdin?.on("error", () => {}); // said by its end
    if (this.#process.stdout !== null)
      createInterface({ input: this.#process.stdout }).on("line", (line) => this.#read(line));
  }

  /** Calls, and waits for the answer. Throws PatchstreamError for a failure that the client tells, Error for all else. */
  async ask(call: string, parameters: object): Promise<unknown> {
    await this.hello;
    if (this.#ended !== undefined) throw this.#ended;
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#process.stdin?.write(`${JSON.stringify({ id, call, ...parameters })}\n`);
    });
  }

  /** Tells the command that nothing more will be asked, and waits for its end. */
  async end(): Promise<void> {
    if (this.#ended !== undefined) return;
    await new Promise((resolve) => {
      this.#process.once("close", resolve);
      this.#process.stdin?.end();
    });
  }

  #read(line: string): void {
    let answer: Answer;
    try {
      answer = JSON.parse(line) as Answer;
    } catch {
      this.#end(new Error(`this line of the client's is no JSON: ${line}`));
      return;
    }
    const asked = this.#asked.get(answer.id);
    this.#asked.delete(answer.id);
    if (answer.error === undefined) asked?.resolve(answer.result);
    else asked?.reject(failureOf(answer.error));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
  }
}

/** The failure that a client tells: its facts and hint make the message, and a message of its own must be the same. */
export function failureOf({ facts, hint, message }: NonNullable<Answer["error"]>): Error {
  const failure = new PatchstreamError(facts, hint ?? undefined);
  if (message === undefined || message === failure.message) return failure;
  return new Error(`the client says "${message}", which should be "${failure.message}"`);
}

/** A client of a command. */
export class ForeignClient implements HeldClient {
  readonly #command: ForeignCommand;
  readonly #connected: Promise<unknown>;
  readonly #client: number;
  static #clients = 0;

  constructor(command: ForeignCommand, addresses: readonly string[], options: HeldOptions) {
    this.#command = command;
    this.#client = ++ForeignClient.#clients;
    this.#connected = command.ask("connect", { client: this.#client, addresses, ...options });
    this.#connected.catch(() => {}); // thrown by the first call
  }

  async #ask<Result>(call: string, parameters: object = {}): Promise<Result> {
    await this.#connected;
    return (await this.#command.ask(call, { client: this.#client, ...parameters })) as Result;
  }

  describeDataset(): Promise<{ digest: string; cases: string[] }> {
    return this.#ask("describeDataset");
  }

  describeRun(spec: object): Promise<{ digest: string; steps: number; stages: number }> {
    return this.#ask("describeRun", { spec });
  }

  async openRun(spec: object, options: HeldRunOptions = {}): Promise<HeldRun> {
    const { from = 0, to = Infinity, decisions = [], ...share } = options;
    const { run } = await this.#ask<{ run: number }>("openRun", { spec, from, decisions, ...share });
    return new ForeignRun(this.#command, { run, from, to });
  }

  getBatch(spec: object, address: object): Promise<HeldBatch> {
    return this.#ask("getBatch", { spec, ...address });
  }

  readImage(caseId: string): Promise<string> {
    return this.#sha256("readImage", { case: caseId });
  }

  readLabel(caseId: string): Promise<string> {
    return this.#sha256("readLabel", { case: caseId });
  }

  async readLocations(caseId: string, classValue: number): Promise<number> {
    return (await this.#ask<{ count: number }>("readLocations", { case: caseId, class: classValue })).count;
  }

  preview(spec: object, address: object): Promise<string> {
    return this.#sha256("preview", { spec, ...address });
  }

  async #sha256(call: string, parameters: object): Promise<string> {
    return (await this.#ask<{ sha256: string }>(call, parameters)).sha256;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ask("disconnect").catch(() => {}); // where the command has ended there is nothing left to close
  }
}

class ForeignRun implements HeldRun {
  readonly #command: ForeignCommand;
  readonly #range: { readonly run: number; readonly from: number; readonly to: number };

  constructor(command: ForeignCommand, range: { run: number; from: number; to: number }) {
    this.#command = command;
    this.#range = range;
  }

  async *batches(): AsyncIterableIterator<HeldBatch> {
    const { run, from, to } = this.#range;
    try {
      for (let asked = from; asked < to; asked++) {
        const batch = (await this.#command.ask("next", { run })) as HeldBatch | null;
        if (batch === null) return;
        yield batch;
      }
    } finally {
      await this.#command.ask("closeRun", { run });
    }
  }

  async firstUnwanted(): Promise<number> {
    const { run } = this.#range;
    return ((await this.#command.ask("firstUnwanted", { run })) as { step: number }).step;
  }

  async changeStage(proposal: object): Promise<HeldChange> {
    return (await this.#command.ask("changeStage", { run: this.#range.run, ...proposal })) as HeldChange;
  }
}
