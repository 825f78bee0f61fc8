import { Metadata, type ServiceError, type StatusObject, status } from "@grpc/grpc-js";
import { PatchstreamError } from "../../plan/errors.js";

const DETAILS = "grpc-status-details-bin";

/** The status of a call as the last message of a lane: gRPC's trailers as lines of text, as grpc-web writes them. */
export function encodeLaneStatus({ code, details, metadata }: StatusObject): Buffer {
  const [binary] = metadata.get(DETAILS);
  const lines = [`grpc-status: ${code}`, `grpc-message: ${encodeURIComponent(details)}`];
  if (binary instanceof Buffer) lines.push(`${DETAILS}: ${binary.toString("base64")}`);
  return Buffer.from(lines.map((line) => `${line}\r\n`).join(""));
}

export const LANE_OK = Buffer.from(`grpc-status: ${status.OK}\r\n`);

/** Undefined for OK, else the failure that the status tells. Throws MESSAGE_DAMAGED for what is no status. */
export function readLaneStatus(bytes: Buffer): ServiceError | undefined {
  const lines = new Map(
    bytes
      .toString("latin1")
      .split("\r\n")
      .map(
        (line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()] as const,
      ),
  );
  const code = Number(lines.get("grpc-status") || Number.NaN);
  if (status[code] === undefined) throw new PatchstreamError({ code: "MESSAGE_DAMAGED", what: "the status of a lane" });
  if (code === status.OK) return undefined;
  const details = decoded(lines.get("grpc-message") ?? "");
  const metadata = new Metadata();
  const binary = lines.get(DETAILS);
  if (binary !== undefined) metadata.set(DETAILS, Buffer.from(binary, "base64"));
  return Object.assign(new Error(`${code} ${status[code]}: ${details}`), { code, details, metadata });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
