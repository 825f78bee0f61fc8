import { roundHalfToEven } from "../../../plan/round-half-to-even.js";
import type { Zyx } from "../../../plan/zyx.js";
import { schemeOfChannel } from "../preprocess/normalize.js";
import { resampledShape } from "../preprocess/target-grid.js";
import { permute } from "../volume.js";
import { architectureOf } from "./architecture.js";
import type { DatasetFingerprint } from "./fingerprint.js";
import { percentilePerAxis } from "./percentile.js";
import { type PlanInput, planNetwork, plansLowResolution } from "./plan-network.js";
import { PLANNERS, type PlannerName } from "./planners.js";
import { targetSpacing, transposeForward } from "./target-spacing.js";

/** Below this median share of voxels left by the crop, schemes that can use the mask do. */
const MASK_THRESHOLD = 3 / 4;

/** What the planner is told of the data set besides its fingerprint. */
export interface PlanSubject {
  readonly name: string;
  readonly channelNames: readonly string[];
  /** Names in dataset.json's labels: nnU-Net's planner counts an output for each. */
  readonly labelCount: number;
}

/** A plans.json in nnU-Net v2's format with the configuration 3d_fullres, as its planner of that name would write it. */
export function planDataset(fingerprint: DatasetFingerprint, subject: PlanSubject, planner: PlannerName): object {
  const rules = PLANNERS[planner];
  const spacing = targetSpacing(fingerprint);
  const transpose = transposeForward(spacing);
  const shapes = fingerprint.shapes_after_crop.map((shape, i) =>
    resampledShape(shape, fingerprint.spacings[i] as Zyx, spacing),
  );
  const input: PlanInput = {
    spacingMm: permute(spacing, transpose),
    medianShape: permute(percentilePerAxis(shapes, 50), transpose) as [number, number, number],
    caseCount: shapes.length,
    labelCount: subject.labelCount,
  };
  const network = planNetwork(input, rules);
  const schemes = subject.channelNames.map(schemeOfChannel);
  const masked = fingerprint.median_relative_size_after_cropping < MASK_THRESHOLD;
  const resampling = (isSegmentation: boolean, order: number) => ({
    is_seg: isSegmentation,
    order,
    order_z: 0,
    force_separate_z: null,
  });
  return {
    dataset_name: subject.name,
    plans_name: rules.plansName,
    original_median_spacing_after_transp: permute(percentilePerAxis(fingerprint.spacings, 50), transpose),
    original_median_shape_after_transp: permute(percentilePerAxis(fingerprint.shapes_after_crop, 50), transpose).map(
      roundHalfToEven,
    ),
    image_reader_writer: "SimpleITKIO",
    transpose_forward: transpose,
    transpose_backward: [0, 1, 2].map((axis) => transpose.indexOf(axis)),
    configurations: {
      "3d_fullres": {
        data_identifier: "nnUNetPlans_3d_fullres", // of all planners: they preprocess alike
        preprocessor_name: "DefaultPreprocessor",
        batch_size: network.batchSize,
        patch_size: network.patchSize,
        median_image_size_in_voxels: input.medianShape,
        spacing: input.spacingMm,
        normalization_schemes: schemes,
        use_mask_for_norm: schemes.map((scheme) => masked && scheme === "ZScoreNormalization"),
        resampling_fn_data: "resample_data_or_seg_to_shape",
        resampling_fn_seg: "resample_data_or_seg_to_shape",
        resampling_fn_data_kwargs: resampling(false, 3),
        resampling_fn_seg_kwargs: resampling(true, 1),
        resampling_fn_probabilities: "resample_data_or_seg_to_shape",
        resampling_fn_probabilities_kwargs: resampling(false, 1),
        architecture: architectureOf(network),
        batch_dice: plansLowResolution(network, input, rules),
      },
    },
    experiment_planner_used: planner,
    label_manager: "LabelManager",
    foreground_intensity_properties_per_channel: fingerprint.foreground_intensity_properties_per_channel,
  };
}
