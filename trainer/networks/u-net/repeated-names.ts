/** Places of a block's layers in its `all_modules`. */
const PLACES = { conv: 0, norm: 1 } as const;

/**
 * All names under which dynamic-network-architectures' U-Nets have the parameter `name`: a block lists its layers once more in
 * `all_modules`, and the decoder holds the encoder.
 */
export function repeatedNames(name: string): string[] {
  const layer = /^(.*)\.(conv|norm)\.(weight|bias)$/.exec(name);
  const names = [name];
  if (layer) names.push(`${layer[1]}.all_modules.${PLACES[layer[2] as keyof typeof PLACES]}.${layer[3]}`);
  return names.flatMap((one) => (one.startsWith("encoder.") ? [one, `decoder.${one}`] : [one]));
}
