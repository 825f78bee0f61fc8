import type { TrainingFigures } from "../../trainer/index.js";
import { durationText } from "../duration-text.js";

/** In three digits where they say something: 0.423, 8.31, 120. */
function rateText(rate: number): string {
  return rate >= 100 ? rate.toFixed(0) : rate.toPrecision(3);
}

/** The figures in words, those that are known: loss, pseudo Dice, learning rate, samples a second, waiting, time left. */
export function figureTexts(figures: TrainingFigures): string[] {
  const { loss, pseudoDice, learningRate, samplesPerSecond, waitingShare, secondsLeft } = figures;
  return [
    ...(loss === undefined ? [] : [`loss ${loss.toFixed(3)}`]),
    ...(pseudoDice === undefined ? [] : [`pseudo Dice ${pseudoDice.toFixed(3)}`]),
    ...(learningRate === undefined ? [] : [`lr ${learningRate.toPrecision(3)}`]),
    ...(samplesPerSecond === undefined ? [] : [`${rateText(samplesPerSecond)} samples/s`]),
    ...(waitingShare === undefined ? [] : [`waiting ${(100 * waitingShare).toFixed(1)} %`]),
    ...(secondsLeft === undefined ? [] : [`${durationText(secondsLeft)} left`]),
  ];
}
