import { durationText } from "./duration-text.js";

/** In three digits where they say something: 0.42, 8.3, 120. */
function rateText(rate: number): string {
  return rate >= 100 ? rate.toFixed(0) : rate.toPrecision(2);
}

/**
 * How fast a work of equal parts goes, and how long the rest of it takes at that rate: `8.3 cases/s 45 s left`. It begins when this is called, and again where fewer
 * parts are done than before: another pass.
 */
export function paceOf(unit: string, nowMs: () => number): (done: number, total: number) => string {
  let [beganMs, lastMs, before] = [nowMs(), nowMs(), 0];
  return (done, total) => {
    if (done < before) beganMs = lastMs;
    [lastMs, before] = [nowMs(), done];
    const seconds = (lastMs - beganMs) / 1000;
    if (seconds <= 0 || done === 0) return "";
    const rate = done / seconds;
    return `${rateText(rate)} ${unit}/s ${durationText((total - done) / rate)} left`;
  };
}
