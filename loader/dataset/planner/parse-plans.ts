import type { NetworkPlan } from "../../../plan/curriculum/stage.js";
import { refuse } from "../../../plan/errors.js";
import { parseNnunetPlans } from "../../../plan/run-spec/nnunet-plans.js";
import { entries, integer, list, type Read, real, truth, word, zyx } from "../../../plan/run-spec/read.js";
import type { Zyx } from "../../../plan/zyx.js";
import {
  INTENSITY_NAMES,
  type IntensityProperties,
  NORMALIZATION_SCHEMES,
  type Normalization,
} from "../preprocess/normalize.js";

/** What a plans.json says of a network and of volumes that are preprocessed. */
export interface PreprocessedPlans {
  readonly network: NetworkPlan;
  /** nnU-Net's transpose_forward. */
  readonly transpose: Zyx;
  /** Target spacing in mm after transposition. */
  readonly spacingMm: Zyx;
  /** Channels that were normalised within a mask: nnU-Net's use_mask_for_norm. */
  readonly maskedChannels: readonly number[];
  /** Whether the Dice loss sums over the batch; false where the file does not say, as nnU-Net plans it without a low resolution. */
  readonly batchDice: boolean;
}

/** What a plans.json decides about network and preprocessing. */
export interface Plans extends PreprocessedPlans {
  /** One a channel. */
  readonly normalizations: readonly Normalization[];
}

const CONFIGURATION = "3d_fullres";
const FIELD = `plans.json: configurations.${CONFIGURATION}`;
const INTENSITIES = "foreground_intensity_properties_per_channel";
/** The only resampling function of nnU-Net's default planner, and the spline orders it is given for image and label. */
const RESAMPLING = "resample_data_or_seg_to_shape";
const ORDERS = { data: 3, seg: 1 };

const readTranspose = zyx(0, 2);
const readSpacing = list(real(0, 1000, "above"), 3, 3);
const readIntensity = real(-Number.MAX_VALUE, Number.MAX_VALUE);

/** Reads nnU-Net v2's plans.json, configuration 3d_fullres. Throws SPEC_INVALID naming the field. */
export function parsePlans(json: unknown, channelCount: number): Plans {
  const { configuration: _configuration, ...plans } = withNormalizations(json, channelCount, "built");
  return plans;
}

/** What of a plans.json makes a network's input of a raw image. */
export type Preparation = Pick<Plans, "transpose" | "spacingMm" | "normalizations">;

/**
 * Reads the preprocessing of `parsePlans`, whatever the network is, and that logits are resampled as `predict` does. Throws SPEC_INVALID naming
 * the field.
 */
export function parsePreparation(json: unknown, channelCount: number): Preparation {
  const { configuration, transpose, spacingMm, normalizations } = withNormalizations(json, channelCount, "any");
  checkResampling(configuration, FIELD, { probabilities: 1 });
  return { transpose, spacingMm, normalizations };
}

function withNormalizations(json: unknown, channelCount: number, networks: "built" | "any") {
  const { configuration, ...preprocessed } = readPlans(json, channelCount, networks);
  checkResampling(configuration, FIELD, ORDERS);
  const schemes = perChannel(word(NORMALIZATION_SCHEMES), channelCount)(configuration, "normalization_schemes");
  const intensitiesField = `plans.json: ${INTENSITIES}`;
  const intensities = members(members(json, "plans.json")[INTENSITIES], intensitiesField);
  return {
    ...preprocessed,
    configuration,
    normalizations: schemes.map(
      (scheme, channel): Normalization => ({
        scheme,
        useMask: preprocessed.maskedChannels.includes(channel),
        intensities: readIntensities(intensities[channel], `${intensitiesField}.${channel}`),
      }),
    ),
  };
}

/**
 * Reads the same file for volumes that somebody else has preprocessed by it: any network, and any way to normalise and resample.
 * Throws SPEC_INVALID naming the field.
 */
export function parsePreprocessedPlans(json: unknown, channelCount: number): PreprocessedPlans {
  const { configuration: _configuration, ...preprocessed } = readPlans(json, channelCount, "any");
  return preprocessed;
}

function readPlans(json: unknown, channelCount: number, networks: "built" | "any") {
  const network = parseNnunetPlans(json, networks);
  const plans = members(json, "plans.json");
  const configuration = members(members(plans.configurations, "plans.json: configurations")[CONFIGURATION], FIELD);
  const transpose = readTranspose(plans.transpose_forward, "plans.json: transpose_forward");
  if (new Set(transpose).size !== 3) refuse("plans.json: transpose_forward", transpose, "an order of 0, 1, 2");
  const masks = perChannel(truth, channelCount)(configuration, "use_mask_for_norm");
  const batchDice = configuration.batch_dice;
  return {
    configuration,
    network,
    transpose,
    spacingMm: readSpacing(configuration.spacing, `${FIELD}.spacing`) as unknown as Zyx,
    maskedChannels: masks.flatMap((isMasked, channel) => (isMasked ? [channel] : [])),
    batchDice: batchDice === undefined ? false : truth(batchDice, `${FIELD}.batch_dice`),
  };
}

/** Reads a list of the configuration that has one entry a channel. */
function perChannel<T>(read: Read<T>, channelCount: number) {
  return (configuration: Readonly<Record<string, unknown>>, name: string) =>
    list(read, channelCount, channelCount)(configuration[name], `${FIELD}.${name}`);
}

function checkResampling(
  configuration: Readonly<Record<string, unknown>>,
  field: string,
  orders: Readonly<Record<string, number>>,
): void {
  for (const [kind, order] of Object.entries(orders)) {
    const name = `resampling_fn_${kind}`;
    word([RESAMPLING])(configuration[name], `${field}.${name}`);
    const options = members(configuration[`${name}_kwargs`], `${field}.${name}_kwargs`);
    integer(order, order)(options.order, `${field}.${name}_kwargs.order`);
    integer(0, 0)(options.order_z, `${field}.${name}_kwargs.order_z`);
    if (options.force_separate_z !== null) {
      refuse(`${field}.${name}_kwargs.force_separate_z`, options.force_separate_z, "null");
    }
  }
}

function readIntensities(value: unknown, field: string): IntensityProperties {
  const given = members(value, field);
  const read = INTENSITY_NAMES.map((name) => [name, readIntensity(given[name], `${field}.${name}`)]);
  return Object.fromEntries(read) as unknown as IntensityProperties;
}

function members(value: unknown, field: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(entries(value, field));
}
