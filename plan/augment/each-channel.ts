/** One value per channel; undefined where no channel has one, so that nothing is done. */
export function eachChannel<T>(channels: number, value: (channel: number) => T | null): (T | null)[] | undefined {
  const values: (T | null)[] = [];
  let isEmpty = true;
  for (let channel = 0; channel < channels; channel++) {
    const one = value(channel);
    if (one !== null) isEmpty = false;
    values.push(one);
  }
  return isEmpty ? undefined : values;
}
