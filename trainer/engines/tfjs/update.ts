import type { Tensor1D } from "@tensorflow/tfjs-core";
import { ADAM, type OptimizerName } from "../optimizers.js";
import type { Tfjs } from "./tfjs.js";

/** Weights and what the optimiser holds beside them, each (N). */
export interface Updated {
  readonly weights: Tensor1D;
  /** In the order of `STATE_KINDS`. */
  readonly vectors: readonly Tensor1D[];
}

type Update = (tf: Tfjs, before: Updated, gradient: Tensor1D, scalar: (name: string) => number) => Updated;

/** As `onnx/operators/sgd.ts` and `adamw.ts` define them; `scalar` gives the numbers of `updateScalars`. */
export const updates: Record<OptimizerName, Update> = {
  sgd(tf, { weights, vectors }, gradient, scalar) {
    const [momenta] = vectors as [Tensor1D];
    const momentum = scalar("momentum");
    const decayed = tf.add(gradient, tf.mul(weights, scalar("weightDecay")));
    const velocity = tf.add<Tensor1D>(tf.mul(momenta, momentum), decayed);
    const direction = tf.add(decayed, tf.mul(velocity, momentum));
    return { weights: tf.sub(weights, tf.mul(direction, scalar("learningRate"))), vectors: [velocity] };
  },
  adamw(tf, { weights, vectors }, gradient, scalar) {
    const [mean, square] = vectors as [Tensor1D, Tensor1D];
    const { meanDecay, squareDecay, epsilon } = ADAM;
    const newMean = tf.add<Tensor1D>(mean, tf.mul(tf.sub(gradient, mean), 1 - meanDecay));
    const squared = tf.mul(tf.square(gradient), 1 - squareDecay);
    const newSquare = tf.add<Tensor1D>(tf.mul(square, squareDecay), squared);
    const deviation = tf.add(tf.div(tf.sqrt(newSquare), scalar("rootCorrection")), epsilon);
    const moved = tf.mul(tf.div(newMean, deviation), scalar("stepSize"));
    return { weights: tf.sub(tf.mul(weights, scalar("keptShare")), moved), vectors: [newMean, newSquare] };
  },
};
