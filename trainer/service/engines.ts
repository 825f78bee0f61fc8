import { logLines, type ServiceLog } from "../../rpc/server/service-log.js";
import { isEngineModule } from "../engines/module.js";
import { checkEngineName } from "../engines/open.js";
import { startJob } from "../process/start.js";

/** Who is told of an engine that is passed over, and of what the process that tries it prints. */
interface Told {
  readonly notice: (line: string) => void;
  readonly log: ServiceLog;
}

/** Opens an engine in a process of its own, which gives back what it took. Resolves to its name, another one for "auto". */
export async function tryEngine(engine: string, told: Told): Promise<string> {
  const opened = await startJob("openEngine", { engine }, { doing: `tries the engine ${engine}`, ...told }).ended;
  return opened.engine;
}

/** The engines of a trainer. They are opened by the processes that train, never by the one that serves. */
export class TrainingEngines {
  readonly #preferred: string;
  readonly #log: ServiceLog;
  readonly #usable: Map<string, Promise<string>>;

  private constructor(preferred: string, log: ServiceLog) {
    this.#preferred = preferred;
    this.#log = log;
    this.#usable = new Map([[preferred, Promise.resolve(preferred)]]);
  }

  /**
   * `preferred` is for trainings whose spec says "auto"; "auto" takes the first usable one, and the `file:` address of a module its own. Throws
   * ENGINE_MISSING where it is not usable, INPUT_DAMAGED for a module without an engine.
   */
  static async open(preferred: string, told: Told): Promise<TrainingEngines> {
    const isModule = isEngineModule(preferred);
    if (!isModule) checkEngineName(preferred);
    const opened = await tryEngine(preferred, told);
    return new TrainingEngines(isModule ? preferred : opened, told.log);
  }

  /** The engine for a training whose spec says `name`. */
  chosen(name: string): string {
    return name === "auto" ? this.#preferred : name;
  }

  /** Throws ENGINE_MISSING, or NOT_FOUND for a name that no engine has, unless `chosen(name)` can be used. */
  async check(name: string): Promise<void> {
    const chosen = this.chosen(name);
    if (name !== "auto") checkEngineName(name);
    const tried = this.#usable.get(chosen) ?? tryEngine(chosen, { notice: logLines(this.#log), log: this.#log });
    this.#usable.set(chosen, tried);
    await tried.catch((error: unknown) => {
      this.#usable.delete(chosen); // it may be installed by the next time
      throw error;
    });
  }
}
