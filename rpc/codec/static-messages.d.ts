/** What protobufjs makes of the .proto files when the package is built (`npm run build:codec`), declared as the codec uses it. */
import type { IConversionOptions, Writer } from "protobufjs/minimal.js";
import type { Messages } from "../../proto/messages.js";

interface StaticMessage {
  fromObject(plain: object): object;
  toObject(message: object, options: IConversionOptions): Record<string, unknown>;
  encode(message: object, writer: Writer): Writer;
  decode(bytes: Uint8Array): object;
}

/** Numbers by name, and names by number. */
export type StaticEnum = Readonly<Record<string | number, string | number>>;

export const patchstream: {
  readonly v1: Readonly<Record<keyof Messages, StaticMessage>> & Readonly<Record<string, StaticMessage | StaticEnum>>;
};
