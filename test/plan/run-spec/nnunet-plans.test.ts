import test from "ava";
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
