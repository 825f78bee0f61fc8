import { createHash } from "node:crypto";
import type { TestFn } from "ava";
import { type Channel, openChannel } from "../../rpc/client/channel.js";
import { CLIENT_TLS } from "./carrier.js";
import { SMALL_RUN } from "./small-run.js";
import { getBatch, specBytes, type WireBatch } from "./wire.js";

/** The SHA-256 of each tensor of a batch, as it came over the wire. */
export function wireHashes({ begin, bytes }: WireBatch): string[] {
  let offset = 0;
  return begin.tensors.map(({ byteLength }) => {
    const tensor = bytes.subarray(offset, offset + byteLength);
    offset += byteLength;
    return createHash("sha256").update(tensor).digest("hex");
  });
}

/** What the batch of a step and stage must be, as an undisturbed server sends it, no client between: `fingerprint` of it. Each is asked for once. */
export function referenceBatches(
  test: TestFn,
  undisturbed: () => Promise<{ readonly address: string }>,
): (step: number, stage: number) => Promise<string> {
  const known = new Map<string, Promise<string>>();
  let channel: Promise<Channel> | undefined;
  test.after.always(async () => (await channel)?.client.close());
  return (step, stage) => {
    channel ??= undisturbed().then(({ address }) => openChannel(address, CLIENT_TLS));
    const key = `${step} ${stage}`;
    const found =
      known.get(key) ??
      channel.then(async (opened) =>
        [step, stage, ...wireHashes(await getBatch(opened, { spec: specBytes(SMALL_RUN), step, stage }))].join(" "),
      );
    known.set(key, found);
    return found;
  };
}
