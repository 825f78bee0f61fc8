import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ArmCommand } from "./arm.js";

const scripts = fileURLToPath(new URL("../../../benchmarks/which-loader-feeds-a-trainer/peers/", import.meta.url));

function ours(name: string, script: string): ArmCommand {
  return { name, program: process.execPath, args: [fileURLToPath(new URL(`./ours/${script}.js`, import.meta.url))] };
}

/** Libraries must not start threads of their own beside the core that is measured. */
const oneThread = { OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };

/** Every arm; `environments` is the folder that `environment.sh` made. */
export function armCommands(environments: string) {
  const loader = (name: string, script: string): ArmCommand => ({
    name,
    program: join(environments, "loaders", "bin", "python"),
    args: [join(scripts, script)],
    environment: oneThread,
  });
  const tensorflow = (name: string, flags: readonly string[]): ArmCommand => ({
    name,
    program: join(environments, "tensorflow", "bin", "python"),
    args: [join(scripts, "tf_data_service.py"), ...flags],
    keepsRunning: true,
  });
  return {
    engine: ours("ours, a case a patch", "engine-arm"),
    engineSplit: ours("ours, two cases", "engine-arm"),
    stream: { ...ours("ours", "stream-arm"), keepsRunning: true },
    memcpy: ours("memcpy", "memcpy-arm"),
    bare: { ...ours("bare grpc-js", "bare-arm"), keepsRunning: true },
    tcp: ours("raw TCP", "tcp-arm"),
    nnunet: loader("nnU-Net", "nnunet_loader.py"),
    monai: loader("MONAI", "monai_loader.py"),
    torchio: loader("TorchIO", "torchio_loader.py"),
    tfData: tensorflow("tf.data service", []),
    tfDataCached: tensorflow("tf.data service, not cutting", ["--cached"]),
  };
}
