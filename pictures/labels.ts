/** Width of a text in pixels, rather too wide than too narrow: nothing here knows the viewer's font. */
export function textWidth(text: string, fontSize: number): number {
  return Math.ceil(0.58 * fontSize * [...text].length);
}

/**
 * Places of labels that want to stand at `wanted`, at least `apart` from each other, between `low` and `high` where there is room for all:
 * neighbours that are too close move apart evenly. The order of the answer is the order of `wanted`.
 */
export function spreadLabels(wanted: readonly number[], apart: number, low: number, high: number): number[] {
  const groups: { members: number[]; middle: number }[] = [];
  const half = (count: number) => ((count - 1) * apart) / 2;
  const within = (middle: number, count: number) => Math.max(low + half(count), Math.min(high - half(count), middle));
  const order = wanted.map((_, index) => index).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0) || a - b);
  for (const index of order) {
    let group = { members: [index], middle: within(wanted[index] ?? 0, 1) };
    for (let above = groups.at(-1); above !== undefined; above = groups.at(-1)) {
      const gap = group.middle - half(group.members.length) - (above.middle + half(above.members.length));
      if (gap >= apart) break;
      groups.pop();
      const members = [...above.members, ...group.members];
      const mean = members.reduce((sum, member) => sum + (wanted[member] ?? 0), 0) / members.length;
      group = { members, middle: within(mean, members.length) };
    }
    groups.push(group);
  }
  const placed = wanted.map(() => 0);
  for (const { members, middle } of groups)
    members.forEach((member, place) => {
      placed[member] = middle - half(members.length) + place * apart;
    });
  return placed;
}
