import { crc32 } from "../../checksum/crc.js";
import { CHUNK_BYTES } from "../../rpc/codec/framing.js";
import { type PredictionJob, predictLabel } from "../inference/prediction.js";
import type { Parent } from "./messages.js";

/** Labels one image in this process; the image's bytes come as messages, unless a data server has it. */
export async function predictJob(job: PredictionJob, { tell, notice, on }: Parent): Promise<undefined> {
  const receiveImage = (byteLength: number): Promise<Uint8Array> =>
    new Promise((resolve) => {
      const image = new Uint8Array(byteLength);
      on("imageBytes", ({ offset, bytes }) => {
        image.set(bytes, offset);
        if (offset + bytes.length === byteLength) resolve(image);
      });
    });
  const { label, shape } = await predictLabel(job, {
    receiveImage,
    notice,
    onBegin: (begin) => void tell({ kind: "predictionBegin", begin }),
    onShare: (share) => void tell({ kind: "predicted", share }),
  });
  await tell({ kind: "label", shape, checksum: crc32(label) });
  for (let offset = 0; offset < label.length; offset += CHUNK_BYTES) {
    await tell({ kind: "labelBytes", offset, bytes: label.subarray(offset, offset + CHUNK_BYTES) });
  }
  return undefined;
}
