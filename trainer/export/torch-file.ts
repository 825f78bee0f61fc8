import type { StateTensor } from "../networks/state-tensor.js";
import { PersistentId, PythonCall, PythonName, PythonTuple, type PythonValue, pickle } from "./pickle.js";
import { storedZip, type ZipEntry } from "./stored-zip.js";

const ORDERED_DICT = new PythonName("collections", "OrderedDict");
const REBUILD_TENSOR = new PythonName("torch._utils", "_rebuild_tensor_v2");

/**
 * A file for `torch.load` (torch/serialization.py, the ZIP format): a dict with `tensors`, an OrderedDict, under `name`, and `rest`. Tensors that
 * share their values share a storage. Pieces to write one after the other. Throws LIMIT_EXCEEDED from 4 GiB on.
 */
export function torchFile(
  name: string,
  tensors: ReadonlyMap<string, StateTensor>,
  rest: { readonly [key: string]: PythonValue },
): Uint8Array[] {
  const storages = new Map<StateTensor["values"], string>();
  const tensorOf = ({ shape, values }: StateTensor): PythonCall => {
    const key = storages.get(values) ?? String(storages.size);
    storages.set(values, key);
    const type = new PythonName("torch", values instanceof Float32Array ? "FloatStorage" : "LongStorage");
    const storage = new PersistentId(new PythonTuple("storage", type, key, "cpu", values.length));
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
    const sizes = [new PythonTuple(...shape), new PythonTuple(...strides)];
    return new PythonCall(REBUILD_TENSOR, new PythonTuple(storage, 0, ...sizes, false, orderedDict(new Map())));
  };
  const named = new Map([...tensors].map(([each, tensor]) => [each, tensorOf(tensor)]));
  const data = pickle({ [name]: orderedDict(named), ...rest });
  const entry = (path: string, bytes: Uint8Array): ZipEntry => ({ name: `archive/${path}`, pieces: [bytes] });
  return storedZip([
    entry("data.pkl", data),
    entry("byteorder", Buffer.from("little")),
    ...[...storages].map(([values, key]) =>
      entry(`data/${key}`, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
    ),
    entry("version", Buffer.from("3\n")),
  ]);
}

function orderedDict(items: ReadonlyMap<string, PythonValue>): PythonCall {
  return new PythonCall(ORDERED_DICT, new PythonTuple(), items);
}
