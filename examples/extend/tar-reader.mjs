// Reads a store that lies in one tar file: one file to copy, and one inode on a cluster's file system. Make it with
//   tar --format=ustar -cf store.tar -C stores/hippocampus .
// Usage: patchstream serve store.tar --reader tar-reader.mjs
import { open } from "node:fs/promises";

export async function openReader(path) {
  const file = await open(path);
  const places = new Map();
  const header = Buffer.alloc(512);
  const text = (start, end) => header.toString("latin1", start, end).split("\0")[0];
  for (let at = 0; (await file.read(header, 0, 512, at)).bytesRead === 512 && header[0] !== 0; ) {
    const length = Number.parseInt(text(124, 136), 8);
    places.set(`${text(345, 500)}/${text(0, 100)}`.replace(/^\/?\.?\/?/, "/"), { start: at + 512, length });
    at += 512 + 512 * Math.ceil(length / 512);
  }
  const fill = async (target, start) => {
    const { bytesRead } = await file.read(target, 0, target.length, start);
    if (bytesRead < target.length) throw new Error("it is cut short");
  };
  const shard = ({ start, length }) => ({
    readEnd: async (target) => fill(target, start + length - target.length).then(() => length),
    read: (target, offset) => fill(target, start + offset),
  });
  const get = async ({ start, length }, bytes = new Uint8Array(length)) => fill(bytes, start).then(() => bytes);
  return {
    reads: { bytes: 2 ** 18, gapBytes: 2 ** 15, atOnce: 4 },
    get: async (key) => (places.has(key) ? get(places.get(key)) : undefined),
    use: async (key, _indexSha256, reading) => reading(shard(places.get(key))),
  };
}
