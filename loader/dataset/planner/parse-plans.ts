import type { NetworkPlan } from "../../../plan/curriculum/stage.js";
import { PatchstreamError } from "../../../plan/errors.js";
import type { Zyx } from "../../../plan/zyx.js";
import {
  type IntensityProperties,
  NORMALIZATION_SCHEMES,
  type Normalization,
  type NormalizationScheme,
} from "../preprocess/normalize.js";

/** What a plans.json decides about preprocessing and network, whoever wrote it. */
export interface Plans {
  readonly network: NetworkPlan;
  /** nnU-Net's transpose_forward. */
  readonly transpose: Zyx;
  /** Target spacing in mm after transposition. */
  readonly spacingMm: Zyx;
  /** One a channel. */
  readonly normalizations: readonly Normalization[];
}

const CONFIGURATION = "3d_fullres";
const INTENSITY_NAMES = ["mean", "median", "std", "min", "max", "percentile_00_5", "percentile_99_5"] as const;

/** Reads nnU-Net v2's plans.json (configuration 3d_fullres, with `architecture` or the older keys). Throws SPEC_INVALID naming the field. */
export function parsePlans(json: unknown, channelCount: number): Plans {
  const plans = new Fields("plans.json", json);
  const transpose = plans.triple("transpose_forward", (axis) => Number.isInteger(axis));
  if (![0, 1, 2].every((axis) => transpose.includes(axis)))
    throw plans.invalid("transpose_forward", "an order of 0, 1, 2");
  const configuration = plans.fields("configurations").fields(CONFIGURATION);
  const network = parseNetwork(configuration);
  const schemes = configuration.list("normalization_schemes", channelCount);
  const masks = configuration.list("use_mask_for_norm", channelCount);
  const intensities = plans.fields("foreground_intensity_properties_per_channel");
  return {
    network,
    transpose,
    spacingMm: configuration.triple("spacing", (spacing) => spacing > 0),
    normalizations: schemes.map((scheme, channel) => {
      if (!NORMALIZATION_SCHEMES.includes(scheme as NormalizationScheme)) {
        throw configuration.invalid("normalization_schemes", `made of ${NORMALIZATION_SCHEMES.join(", ")}`);
      }
      return {
        scheme: scheme as NormalizationScheme,
        useMask: masks[channel] === true,
        intensities: parseIntensities(intensities.fields(String(channel))),
      };
    }),
  };
}

function parseNetwork(configuration: Fields): NetworkPlan {
  const size = (count: number) => Number.isInteger(count) && count > 0;
  const patchSize = configuration.triple("patch_size", size);
  const batchSize = configuration.number("batch_size");
  if (!size(batchSize)) throw configuration.invalid("batch_size", "an integer above 0");
  const architecture = configuration.has("architecture")
    ? configuration.fields("architecture").fields("arch_kwargs")
    : undefined;
  const strides = architecture?.triples("strides", size) ?? configuration.triples("pool_op_kernel_sizes", size);
  const kernelSizes = architecture?.triples("kernel_sizes", size) ?? configuration.triples("conv_kernel_sizes", size);
  const pooled = (axis: 0 | 1 | 2) => strides.filter((stride) => stride[axis] === 2).length;
  const pooling: Zyx = [pooled(0), pooled(1), pooled(2)];
  const field = architecture === undefined ? "pool_op_kernel_sizes" : "architecture.arch_kwargs.strides";
  if (!strides.flat().every((stride) => stride === 1 || stride === 2))
    throw configuration.invalid(field, "made of 1 and 2");
  if (!patchSize.every((side, axis) => side % 2 ** (pooling[axis] as number) === 0)) {
    throw configuration.invalid(
      "patch_size",
      `divisible by ${pooling.map((count) => 2 ** count).join(", ")}, its poolings`,
    );
  }
  const plan = { patchSize, batchSize, pooling, strides, kernelSizes };
  return architecture === undefined
    ? plan
    : { ...plan, features: architecture.list("features_per_stage", strides.length) as number[] };
}

function parseIntensities(channel: Fields): IntensityProperties {
  return Object.fromEntries(
    INTENSITY_NAMES.map((name) => [name, channel.number(name)]),
  ) as unknown as IntensityProperties;
}

/** A JSON object and its place in the file, so that every complaint names the field in full. */
class Fields {
  readonly #place: string;
  readonly #values: Record<string, unknown>;

  constructor(place: string, value: unknown) {
    this.#place = place;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new PatchstreamError({ code: "SPEC_INVALID", field: place, got: value, want: "a JSON object" });
    }
    this.#values = value as Record<string, unknown>;
  }

  invalid(name: string, want: string): PatchstreamError {
    return new PatchstreamError({ code: "SPEC_INVALID", field: this.#path(name), got: this.#values[name], want });
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  fields(name: string): Fields {
    return new Fields(this.#path(name), this.#values[name]);
  }

  number(name: string): number {
    const value = this.#values[name];
    if (typeof value !== "number" || !Number.isFinite(value)) throw this.invalid(name, "a number");
    return value;
  }

  list(name: string, length: number): unknown[] {
    const value = this.#values[name];
    if (!Array.isArray(value) || value.length !== length) throw this.invalid(name, `a list of ${length}`);
    return value;
  }

  triple(name: string, accepts: (value: number) => boolean): Zyx {
    const value = this.#values[name];
    if (!isTriple(value, accepts)) throw this.invalid(name, "three numbers (Z,Y,X) in range");
    return value;
  }

  triples(name: string, accepts: (value: number) => boolean): Zyx[] {
    const value = this.#values[name];
    if (!Array.isArray(value) || !value.every((entry) => isTriple(entry, accepts))) {
      throw this.invalid(name, "a list of three numbers each (Z,Y,X)");
    }
    return value;
  }

  #path(name: string): string {
    return `${this.#place}${this.#place.includes(" ") ? "." : " "}${name}`;
  }
}

function isTriple(value: unknown, accepts: (value: number) => boolean): value is Zyx {
  return (
    Array.isArray(value) && value.length === 3 && value.every((entry) => typeof entry === "number" && accepts(entry))
  );
}
