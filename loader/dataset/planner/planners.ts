/** What tells nnU-Net's planners apart. */
export interface PlannerRules {
  /** nnU-Net's plans_name: the file that it writes is called so. */
  readonly plansName: string;
  readonly encoder: "plain" | "residual";
  /** Most values of all feature maps at batch 2, which stand for the memory that the planner is for. */
  readonly mostValues: number;
  /** A batch holds at most this share of the data set's voxels. */
  readonly mostOfDataset: number;
}

/** nnU-Net's planners by their names there (default_experiment_planner.py, residual_encoder_unet_planners.py). */
export const PLANNERS = {
  ExperimentPlanner: { plansName: "nnUNetPlans", encoder: "plain", mostValues: 560e6, mostOfDataset: 0.05 },
  nnUNetPlannerResEncM: {
    plansName: "nnUNetResEncUNetMPlans",
    encoder: "residual",
    mostValues: 680e6,
    mostOfDataset: 1,
  },
  nnUNetPlannerResEncL: {
    plansName: "nnUNetResEncUNetLPlans",
    encoder: "residual",
    mostValues: 2100e6,
    mostOfDataset: 1,
  },
  nnUNetPlannerResEncXL: {
    plansName: "nnUNetResEncUNetXLPlans",
    encoder: "residual",
    mostValues: 3600e6,
    mostOfDataset: 1,
  },
} as const satisfies Readonly<Record<string, PlannerRules>>;

/** Name of a planner, as nnU-Net has it. */
export type PlannerName = keyof typeof PLANNERS;

/** The planners that there are. */
export const PLANNER_NAMES = Object.keys(PLANNERS) as PlannerName[];
