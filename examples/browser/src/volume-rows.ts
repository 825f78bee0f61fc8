import type { ClassVolume } from "patchstream/browser";
import { colourOf } from "./colours.js";

/** A row of the table for each class: its colour and name, its volume, its voxels. */
export function volumeRows(volumes: readonly ClassVolume[]): HTMLTableRowElement[] {
  return volumes.map(({ name, millilitres, voxels }, index) => {
    const row = document.createElement("tr");
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    swatch.style.background = colourOf(index);
    const head = document.createElement("th");
    head.scope = "row";
    head.append(swatch, name);
    row.append(head, numberCell(`${millilitres.toFixed(2)} ml`), numberCell(String(voxels)));
    return row;
  });
}

function numberCell(text: string): HTMLTableCellElement {
  const cell = document.createElement("td");
  cell.className = "number";
  cell.textContent = text;
  return cell;
}
