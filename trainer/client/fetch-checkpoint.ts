import { brokenProtocol } from "../../client/transport/batch-receiver.js";
import { replaceFileFrom } from "../../disk/write-file.js";
import { PatchstreamError } from "../../plan/errors.js";
import { callStream } from "../../rpc/client/call.js";
import type { Channel } from "../../rpc/client/channel.js";
import { kindOf } from "../checkpoint-words.js";
import type { CheckpointName } from "../run-folder/checkpoint.js";
import { verifySafetensors } from "../run-folder/safetensors.js";
import { silenceSignal } from "./silence.js";

export interface CheckpointSettings {
  readonly checkpoint: CheckpointName;
  /** The call fails when nothing comes for so long. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Told bytes that have come, of how many. */
  readonly onProgress?: (received: number, total: number) => void;
}

/** The file's pieces in order. Throws INTERNAL for one out of order, DEADLINE for silence. */
async function* pieces(
  channel: Channel,
  training: string,
  { checkpoint, deadlineMs, signal, onProgress }: CheckpointSettings,
): AsyncGenerator<Uint8Array, undefined> {
  const waitedFor = `the ${checkpoint} checkpoint of ${training} from ${channel.address}`;
  using silence = silenceSignal({ waitedFor, deadlineMs, ...(signal && { signal }) });
  const request = { training, checkpoint: kindOf(checkpoint) };
  let received = 0;
  let total: number | undefined;
  const answer = callStream(channel, "TrainerService", "getCheckpoint", request, { signal: silence.signal });
  for await (const { offset, totalBytes, data } of answer) {
    silence.heard();
    total ??= totalBytes;
    if (offset !== received || totalBytes !== total || received + data.length > total)
      throw brokenProtocol(`${data.length} bytes at ${offset} came after ${received} of ${total}`);
    received += data.length;
    onProgress?.(received, total);
    yield data;
  }
  if (received !== total) throw brokenProtocol(`${received} of ${total ?? 0} bytes came`);
}

/**
 * Writes a checkpoint to `file`, whole or not at all. Resolves to its size in bytes. Throws NOT_FOUND where there is none yet, MESSAGE_DAMAGED
 * for one whose checksum does not match, WRITE_FAILED.
 */
export async function fetchCheckpoint(
  channel: Channel,
  training: string,
  file: string,
  settings: CheckpointSettings,
): Promise<number> {
  return replaceFileFrom(file, pieces(channel, training, settings), async (written) => {
    await verifySafetensors(written).catch((cause: unknown) => {
      const what = `the checkpoint of ${training}`;
      throw new PatchstreamError({ code: "MESSAGE_DAMAGED", what }, undefined, { cause });
    });
  });
}
