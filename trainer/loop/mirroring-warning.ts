import type { Augmentation } from "../../plan/augment/augmentation.js";
import type { Warning } from "../../proto/messages.js";

const DIRECTIONS = /(left|right|upper|lower|anterior|posterior)/i;

/**
 * A warning where mirroring is on and label names hold a direction: a mirrored image then shows one class where its label
 * says the other (the paper's Appendix B).
 */
export function mirroringWarning(
  augmentation: readonly Augmentation[],
  labels: Readonly<Record<string, number>>,
): Warning | undefined {
  const directed = Object.keys(labels).filter((name) => DIRECTIONS.test(name));
  if (directed.length === 0 || !augmentation.some(({ kind }) => kind === "mirror")) return undefined;
  const names = directed.length <= 4 ? directed : [...directed.slice(0, 3), `${directed.length - 3} more`];
  return {
    code: "mirroring-directions",
    text: `Mirroring is on, but labels tell directions (${names.join(", ")}); switch it off: "augmentation": "nnunet-nomirror".`,
  };
}
