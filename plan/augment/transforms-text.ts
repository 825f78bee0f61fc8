import type { Transform } from "./transform.js";

/** What was done to a sample, in words and numbers: `turn 12.5,-3,20.1 deg  gamma 1.31  flip z,x`. A channel left alone is `-`. */
export function transformsText(transforms: readonly Transform[]): string {
  return transforms.length === 0 ? "as stored" : transforms.map(text).join("  ");
}

function text(transform: Transform): string {
  switch (transform.kind) {
    case "spatial":
      return spatialText(transform);
    case "noise":
      return `noise ${short(transform.sigma)}`;
    case "blur":
      return `blur ${transform.sigmas.map((sigmas) => sigmas?.map(short).join(",") ?? "-").join(" ")}`;
    case "brightness":
    case "contrast":
      return `${transform.kind} ${eachChannel(transform.factors)}`;
    case "low-resolution":
      return `low resolution ${eachChannel(transform.zooms.map((zooms) => zooms?.[2] ?? null))}`;
    case "gamma":
      return `${transform.inverted ? "inverted " : ""}gamma ${eachChannel(transform.gammas)}`;
    case "mirror":
      return `flip ${transform.axes.map((axis) => "zyx"[axis]).join(",")}`;
    case "mask":
      return `mask ${transform.channels.join(",")}`;
  }
}

function spatialText({ anglesRad, scale, inPlane }: Extract<Transform, { kind: "spatial" }>): string {
  const degrees = anglesRad.slice(0, inPlane ? 1 : 3).map((angle) => short((angle * 180) / Math.PI));
  const turn = anglesRad.some((angle) => angle !== 0) ? [`turn ${degrees.join(",")} deg`] : [];
  return [...turn, ...(scale === 1 ? [] : [`zoom ${short(scale)}`])].join("  ");
}

function eachChannel(values: readonly (number | null)[]): string {
  return values.map((value) => (value === null ? "-" : short(value))).join(",");
}

function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}
