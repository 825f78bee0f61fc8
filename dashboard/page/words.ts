/** Such as "1,234". */
export const whole = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 0 });

/** In three digits: 0.423, 8.31, 120. */
export function three(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return value.toExponential(1);
  return size >= 100 ? whole(value) : value.toPrecision(3);
}

/** Of 1. */
export const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/** Such as "16 x 24 x 16". */
export const size = (zyx: readonly number[]): string => zyx.join(" x ");

/** Such as "45 s", "12 min", "3 h 5 min", "2 d 4 h". */
export function lasting(seconds: number): string {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Such as "12.3 MB". */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const power = Math.min(3, Math.max(0, Math.floor(Math.log10(Math.max(1, count)) / 3)));
  return `${three(count / 1000 ** power)} ${units[power]}`;
}
