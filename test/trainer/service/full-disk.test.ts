import { spawnSync } from "node:child_process";
import { readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { UNFINISHED_PREFIX } from "../../../disk/write-file.js";
import type { Channel } from "../../../rpc/index.js";
import { readCheckpoint } from "../../../trainer/run-folder/checkpoint.js";
import { type OneDataServer, testWithDataServer } from "../one-data-server.js";
import {
  channelTo,
  collect,
  curve,
  lastState,
  patchstream,
  resume,
  start,
  type Teardown,
  temporaryFolder,
  tinyRun,
  trainerIn,
  watch,
} from "../processes.js";

const test = testWithDataServer();

const DISK_MIB = 16;
const FILLER = "filler";

/** A small disk of its own, which only somebody who may mount can have. */
interface Disk {
  readonly path: string;
  /** Leaves so many bytes free. */
  fill(leftBytes: number): void;
  makeRoom(): void;
  setWritable(writable: boolean): void;
}

/** A mounted disk, or why there is none here. */
function mountDisk({ teardown }: Teardown): Disk | { readonly missing: string } {
  const path = temporaryFolder({ teardown });
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "tmpfs", path], { encoding: "utf8" });
  if (mounted.status !== 0) return { missing: (mounted.error?.message ?? mounted.stderr).trim() };
  teardown(() => spawnSync("umount", [path]));
  return {
    path,
    fill(leftBytes) {
      const { bavail, bsize } = statfsSync(path);
      writeFileSync(join(path, FILLER), Buffer.alloc(Math.max(0, bavail * bsize - leftBytes)));
    },
    makeRoom: () => rmSync(join(path, FILLER)),
    setWritable(writable) {
      const { status, stderr } = spawnSync("mount", ["-o", `remount,${writable ? "rw" : "ro"}`, path]);
      if (status !== 0) throw new Error(stderr.toString());
    },
  };
}

/** 128 steps of eight epochs, whose checkpoint takes about a MiB. */
const run = (cases: readonly string[]) =>
  tinyRun(cases, { data: { stepsPerEpoch: 16 }, training: { baseFeatures: 16 } });

/** What a training reaches that finds its disk as it needs it. */
let undisturbed: readonly string[] | undefined;

async function expectedCurve(t: ExecutionContext<OneDataServer>, channel: Channel): Promise<readonly string[]> {
  undisturbed ??= curve(await collect(watch(channel, await start(channel, t.context.data, run(t.context.cases)))));
  return undisturbed;
}

const FAULTS = {
  "a disk with no room for another checkpoint": {
    break: (disk: Disk) => disk.fill(1 << 18),
    mend: (disk: Disk) => disk.makeRoom(),
    message: /^\S*checkpoint\.safetensors was not written: the disk is full$/,
  },
  "a disk that is full": {
    break: (disk: Disk) => disk.fill(0),
    mend: (disk: Disk) => disk.makeRoom(),
    message: /^\S*(events\.jsonl|training-log\.txt|checkpoint\.safetensors) was not written: the disk is full$/,
  },
  "a disk that can only be read": {
    break: (disk: Disk) => disk.setWritable(false),
    mend: (disk: Disk) => disk.setWritable(true),
    message:
      /^\S*(events\.jsonl|training-log\.txt|checkpoint\.safetensors) was not written: the file system can only be read$/,
  },
} as const;

for (const [what, fault] of Object.entries(FAULTS))
  test.serial(
    `${what}: the training fails with one line, loses no checkpoint, and goes on once there is room`,
    async (t) => {
      t.timeout(240_000);
      const disk = mountDisk(t);
      if ("missing" in disk) {
        t.log(`SKIPPED: ${disk.missing}`);
        return t.pass();
      }
      const runs = join(disk.path, "runs");
      const trainer = await trainerIn(t, runs);
      const channel = channelTo(t, trainer);
      const expected = await expectedCurve(t, channel);
      const id = await start(channel, t.context.data, run(t.context.cases));
      const folder = join(runs, id);
      let isBroken = false;
      let failure = "";
      for await (const event of watch(channel, id)) {
        if (event.kind === "checkpoint" && !isBroken) {
          fault.break(disk);
          isBroken = true;
        }
        if (event.kind === "state") failure = event.state.message;
      }
      const { stdout } = await patchstream("trainings", "--trainer", trainer.address);
      t.regex(stdout, new RegExp(`${id}.* failed `));
      t.log(failure);
      t.regex(failure, fault.message);
      t.false(failure.includes("\n"));
      const kept = await readCheckpoint(folder);
      t.true((kept?.step ?? 0) >= 16);
      t.deepEqual(
        readdirSync(folder).filter((name) => name.startsWith(UNFINISHED_PREFIX)),
        [],
      );
      fault.mend(disk);
      await resume(channel, id);
      const resumed = await collect(watch(channel, id));
      t.is(lastState(resumed)?.state, "TRAINING_STATE_DONE", lastState(resumed)?.message);
      t.deepEqual(curve(resumed), expected);
    },
  );

test.serial("a runs folder that can only be read is one line at the start of the trainer", async (t) => {
  const disk = mountDisk(t);
  if ("missing" in disk) {
    t.log(`SKIPPED: ${disk.missing}`);
    return t.pass();
  }
  disk.setWritable(false);
  const failed = await t.throwsAsync<Error & { stderr: string; code: number }>(
    patchstream("trainer", "--port", "0", "--runs", disk.path, "--engine", "onnx"),
  );
  t.is(failed?.code, 1);
  t.log(failed?.stderr);
  t.regex(
    failed?.stderr ?? "",
    /^patchstream: \S+\/\.trainer-lock was not written: the file system can only be read\. Make room/,
  );
});
