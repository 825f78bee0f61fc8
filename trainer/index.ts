export type {
  Engine,
  Model,
  ModelOptions,
  ModelState,
  StepResult,
  StepSettings,
  TrainingBatch,
} from "./engines/engine.js";
export { engineNames, openEngine } from "./engines/open.js";
export { describeNetwork, type NetworkSize } from "./networks/describe.js";
export type { NetworkDescription } from "./networks/network.js";
