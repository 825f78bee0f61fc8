/** A figure's name as a file and an anchor, of the data set's place in the study: its name may hold any sign. */
export function figureId(figure: string, place: number): string {
  return `${figure}-${place + 1}`;
}
