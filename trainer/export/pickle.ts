/** A class or a function that Python imports. */
export class PythonName {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}
}

/** What Python makes by calling `callee` with `args`. */
export class PythonCall {
  constructor(
    readonly callee: PythonName,
    readonly args: PythonTuple,
    /** Items that are put into the result. */
    readonly items: ReadonlyMap<string, PythonValue> = new Map(),
  ) {}
}

export class PythonTuple {
  readonly values: readonly PythonValue[];

  constructor(...values: readonly PythonValue[]) {
    this.values = values;
  }
}

/** Something that lies outside of the pickle, known to its reader by `id`. */
export class PersistentId {
  constructor(readonly id: PythonTuple) {}
}

/** Numbers are ints where they are whole; arrays are lists, objects dicts with text keys. */
export type PythonValue =
  | undefined
  | boolean
  | number
  | string
  | PythonName
  | PythonCall
  | PythonTuple
  | PersistentId
  | readonly PythonValue[]
  | { readonly [key: string]: PythonValue };

/** Opcodes of protocol 2 (Lib/pickletools.py). */
const OP = {
  protocol: 0x80,
  stop: 0x2e,
  mark: 0x28,
  none: 0x4e,
  newTrue: 0x88,
  newFalse: 0x89,
  int4: 0x4a,
  long1: 0x8a,
  float: 0x47,
  text: 0x58,
  emptyList: 0x5d,
  appends: 0x65,
  emptyDict: 0x7d,
  setItems: 0x75,
  emptyTuple: 0x29,
  tuple: 0x74,
  reduce: 0x52,
  persistentId: 0x51,
} as const;

/** `value` as Python's pickle, protocol 2. */
export function pickle(value: PythonValue): Uint8Array {
  const pieces: Uint8Array[] = [Uint8Array.of(OP.protocol, 2)];
  write(value, pieces);
  pieces.push(Uint8Array.of(OP.stop));
  return Buffer.concat(pieces);
}

function write(value: PythonValue, to: Uint8Array[]): void {
  const op = (...bytes: number[]) => to.push(Uint8Array.from(bytes));
  if (value === undefined || value === null) op(OP.none);
  else if (typeof value === "boolean") op(value ? OP.newTrue : OP.newFalse);
  else if (typeof value === "number") to.push(numberBytes(value));
  else if (typeof value === "string") to.push(textBytes(value));
  else if (value instanceof PythonName) to.push(Buffer.from(`c${value.module}\n${value.name}\n`));
  else if (value instanceof PersistentId) {
    write(value.id, to);
    op(OP.persistentId);
  } else if (value instanceof PythonTuple) {
    op(OP.mark);
    for (const each of value.values) write(each, to);
    op(OP.tuple);
  } else if (value instanceof PythonCall) {
    write(value.callee, to);
    write(value.args, to);
    op(OP.reduce);
    writeItems(value.items, to);
  } else if (isList(value)) {
    op(OP.emptyList, OP.mark);
    for (const each of value) write(each, to);
    op(OP.appends);
  } else {
    op(OP.emptyDict);
    writeItems(Object.entries(value), to);
  }
}

function isList(value: object): value is readonly PythonValue[] {
  return Array.isArray(value);
}

function writeItems(given: Iterable<readonly [string, PythonValue]>, to: Uint8Array[]): void {
  const items = [...given];
  if (items.length === 0) return;
  to.push(Uint8Array.of(OP.mark));
  for (const [key, each] of items) {
    write(key, to);
    write(each, to);
  }
  to.push(Uint8Array.of(OP.setItems));
}

/** An int where it is whole: of 4 bytes, or of 8. */
function numberBytes(value: number): Uint8Array {
  if (!Number.isSafeInteger(value)) {
    const bytes = Buffer.alloc(9, OP.float);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (Math.abs(value) < 2 ** 31) {
    const bytes = Buffer.alloc(5, OP.int4);
    bytes.writeInt32LE(value, 1);
    return bytes;
  }
  const bytes = Buffer.alloc(10, OP.long1);
  bytes[1] = 8;
  bytes.writeBigInt64LE(BigInt(value), 2);
  return bytes;
}

function textBytes(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(5, OP.text);
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}
