import test from "ava";
import { PatchstreamError } from "../../../plan/errors.js";
import { parseNnunetPlans } from "../../../plan/run-spec/nnunet-plans.js";

const strides = [
  [1, 1, 1],
  [1, 2, 2],
  [2, 2, 2],
  [2, 2, 2],
];
const kernels = [
  [1, 3, 3],
  [3, 3, 3],
  [3, 3, 3],
  [3, 3, 3],
];
const newer = {
  dataset_name: "Dataset004_Hippocampus",
  configurations: {
    "3d_fullres": {
      batch_size: 9,
      patch_size: [20, 56, 40],
      spacing: [1, 1, 1],
      architecture: {
        network_class_name: "dynamic_network_architectures.architectures.unet.PlainConvUNet",
        arch_kwargs: { n_stages: 4, features_per_stage: [32, 64, 128, 256], strides, kernel_sizes: kernels },
      },
    },
  },
};
const older = {
  configurations: {
    "3d_fullres": {
      batch_size: 9,
      patch_size: [20, 56, 40],
      UNet_class_name: "PlainConvUNet",
      UNet_base_num_features: 32,
      unet_max_num_features: 200,
      num_pool_per_axis: [2, 3, 3],
      pool_op_kernel_sizes: strides,
      conv_kernel_sizes: kernels,
    },
  },
};

test("plans with an architecture give patch, batch, poolings, strides, kernels and features", (t) => {
  t.deepEqual(parseNnunetPlans(newer) as unknown, {
    patchSize: [20, 56, 40],
    batchSize: 9,
    pooling: [2, 3, 3],
    strides,
    kernelSizes: kernels,
    features: [32, 64, 128, 256],
  });
});

test("older plans give the same, their features doubled up to the bound", (t) => {
  const plan = parseNnunetPlans(older);
  t.deepEqual({ ...plan, features: [] }, { ...parseNnunetPlans(newer), features: [] });
  t.deepEqual(plan.features, [32, 64, 128, 200]);
});

test("a plan that is wrong is refused with its place in the file", (t) => {
  const refused = (json: unknown) => t.throws(() => parseNnunetPlans(json))?.message;
  const full = newer.configurations["3d_fullres"];
  const changed = (fields: object) => ({ configurations: { "3d_fullres": { ...full, ...fields } } });
  const place = "plans.json: configurations.3d_fullres";
  t.is(refused([]), "plans.json is []; it must be an object");
  t.is(refused({ configurations: { "2d": {} } }), `${place} is missing; it must be in the file. It has: 2d.`);
  t.is(refused(changed({ batch_size: "2" })), `${place}.batch_size is "2"; it must be an integer from 1 to 65536`);
  t.is(
    refused(changed({ patch_size: [20, 50, 40] })),
    `${place}.patch_size[1] is 50; it must be a multiple of 8 (pooled 3 times on Y). Try 48 or 56.`,
  );
  t.is(refused(changed({ architecture: {} })), `${place}.architecture.arch_kwargs is missing; it must be an object`);
});

test("plans of another network are refused by its name, newer and older ones", (t) => {
  const refused = (fields: object) =>
    t.throws(() => parseNnunetPlans({ configurations: { "3d_fullres": fields } }), { instanceOf: PatchstreamError });
  const full = newer.configurations["3d_fullres"];
  const network = "dynamic_network_architectures.architectures.primus.Primus";
  const place = "plans.json: configurations.3d_fullres";
  const { arch_kwargs } = full.architecture;
  t.is(
    refused({ ...full, architecture: { network_class_name: network, arch_kwargs } })?.message,
    `${place}.architecture.network_class_name is "Primus"; it must be PlainConvUNet or ResidualEncoderUNet, which can be trained here. nnU-Net's default planner plans PlainConvUNet (nnUNetPlans.json).`,
  );
  t.regex(
    refused({ ...older.configurations["3d_fullres"], UNet_class_name: "ResidualEncoderUNet" })?.message ?? "",
    /UNet_class_name is "ResidualEncoderUNet"; it must be PlainConvUNet/,
  );
  for (const [field, counts] of [
    ["n_conv_per_stage", [2, 2, 3, 2]],
    ["n_conv_per_stage_decoder", [1, 1, 1]],
    ["n_conv_per_stage", 3],
  ] as const) {
    const deeper = {
      ...full,
      architecture: { ...full.architecture, arch_kwargs: { ...arch_kwargs, [field]: counts } },
    };
    t.regex(refused(deeper)?.message ?? "", new RegExp(`${field} is .*; it must be 2 for each level`));
  }
  const usual = { ...arch_kwargs, n_conv_per_stage: [2, 2, 2, 2], n_conv_per_stage_decoder: [2, 2, 2] };
  const spelledOut = { ...full, architecture: { ...full.architecture, arch_kwargs: usual } };
  t.deepEqual(parseNnunetPlans({ configurations: { "3d_fullres": spelledOut } }), parseNnunetPlans(newer));
});

test("plans of nnU-Net's residual encoder carry its blocks; other counts of convolutions on the way up are refused", (t) => {
  const full = newer.configurations["3d_fullres"];
  const { arch_kwargs } = full.architecture;
  const residual = (fields: object) => ({
    configurations: {
      "3d_fullres": {
        ...full,
        architecture: {
          network_class_name: "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet",
          arch_kwargs: { ...arch_kwargs, n_conv_per_stage_decoder: [1, 1, 1], ...fields },
        },
      },
    },
  });
  const blocks = [1, 3, 4, 6];
  t.deepEqual(parseNnunetPlans(residual({ n_blocks_per_stage: blocks })), { ...parseNnunetPlans(newer), blocks });
  const refused = (fields: object) => t.throws(() => parseNnunetPlans(residual(fields)))?.message ?? "";
  t.regex(refused({}), /n_blocks_per_stage is missing/);
  t.regex(refused({ n_blocks_per_stage: [1, 3] }), /blocks is \[1,3\]; it must be a list of 4 entries/);
  t.regex(
    refused({ n_blocks_per_stage: blocks, n_conv_per_stage_decoder: [2, 2, 2] }),
    /n_conv_per_stage_decoder is \[2,2,2\]; it must be 1 for each level/,
  );
});
