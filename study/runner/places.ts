import { connectTrainer, type TrainerClient } from "../../trainer/index.js";
import type { ChildService, StartService } from "./child-services.js";
import { whenGivenBack } from "./when-given-back.js";

/** What a run's files call the study's own trainer, whose address is another one each time. */
export const OWN_TRAINER = "own";

/** Where one run at a time is trained. */
export interface Place {
  /** Address of its trainer, or `OWN_TRAINER`. */
  readonly trainer: string;
  readonly client: TrainerClient;
}

interface OpenOptions {
  readonly atOnce: number;
  readonly folder: string;
  /** CPU threads of a trainer of our own; undefined: as many as the machine has. */
  readonly threads: number | undefined;
  readonly startService: StartService;
  readonly signal: AbortSignal;
}

/** The trainers of a study, and the places that they have. */
export class Places implements AsyncDisposable {
  readonly #clients: readonly TrainerClient[];
  readonly #own: ChildService | undefined;
  readonly all: readonly Place[];

  private constructor(
    trainers: readonly (readonly [name: string, address: string])[],
    atOnce: number,
    own?: ChildService,
  ) {
    const connected = trainers.map(([trainer, address]) => ({ trainer, client: connectTrainer(address) }));
    this.#clients = connected.map(({ client }) => client);
    this.#own = own;
    this.all = Array.from({ length: atOnce }, () => connected).flat();
  }

  /** `trainers`: addresses; none: one of our own is started, with its trainings in `folder`. */
  static async open(
    trainers: readonly string[],
    { atOnce, folder, threads, startService, signal }: OpenOptions,
  ): Promise<Places> {
    if (trainers.length > 0)
      return new Places(
        trainers.map((address) => [address, address] as const),
        atOnce,
      );
    const share = threads === undefined ? [] : ["--threads", String(threads)];
    const args = ["trainer", "--port", "0", "--runs", folder, "--trainings", String(atOnce), ...share];
    const own = await whenGivenBack(
      (address) => address === folder,
      () => startService(args),
      signal,
    );
    return new Places([[OWN_TRAINER, own.address]], atOnce, own);
  }

  /** Rejects when the study's own trainer ends by itself; never resolves. */
  get lost(): Promise<never> {
    return this.#own?.lost ?? new Promise<never>(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
    await this.#own?.[Symbol.asyncDispose]();
  }
}
