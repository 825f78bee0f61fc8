/** One value a channel; undefined where no channel has one, so that nothing is done. */
export function eachChannel<T>(channels: number, value: (channel: number) => T | null): (T | null)[] | undefined {
  const values = Array.from({ length: channels }, (_, channel) => value(channel));
  return values.every((one) => one === null) ? undefined : values;
}
