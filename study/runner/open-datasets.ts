import { connect, type DataClient, type DatasetInfo } from "../../client/index.js";
import type { StudySource } from "../spec/study-spec.js";
import type { ChildService, StartService } from "./child-services.js";

/** A data set of the study, served. */
export interface OpenDataset {
  readonly source: StudySource;
  /** Of its data servers. */
  readonly addresses: readonly string[];
  readonly client: DataClient;
  readonly info: DatasetInfo;
}

/** How the study's own data servers are started. */
export interface OwnServers {
  readonly startService: StartService;
  /** Beside a store. */
  readonly storeArguments: readonly string[];
}

/** The data sets of a study: own data servers for its stores, and connections to those that run already. */
export class OpenDatasets implements AsyncDisposable {
  readonly #own: OwnServers;
  readonly #services: ChildService[] = [];
  readonly #open = new Map<string, OpenDataset>();

  constructor(own: OwnServers) {
    this.#own = own;
  }

  /** Rejects when one of the study's own data servers ends by itself; never resolves. */
  get lost(): Promise<never> {
    const lost = Promise.race([new Promise<never>(() => undefined), ...this.#services.map((service) => service.lost)]);
    lost.catch(() => undefined); // who waits for it is told; nobody has to wait
    return lost;
  }

  /** By the study's names, in its order. */
  get all(): readonly OpenDataset[] {
    return [...this.#open.values()];
  }

  /** Throws what a store or a data server has against it. */
  async open(source: StudySource): Promise<void> {
    let addresses = source.data ?? [];
    if (source.store !== undefined) {
      const { startService, storeArguments } = this.#own;
      const service = await startService(["serve", source.store, ...storeArguments, "--port", "0"]);
      this.#services.push(service);
      addresses = [service.address];
    }
    const client = connect(addresses);
    try {
      this.#open.set(source.name, { source, addresses, client, info: await client.describeDataset() });
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map(({ client }) => client[Symbol.asyncDispose]()));
    await Promise.all(this.#services.map((service) => service[Symbol.asyncDispose]()));
  }
}
