/** Label of voxels that the loss leaves out. */
export const IGNORED_LABEL = 255;

/** Added to numerator and denominator of the soft Dice (nnU-Net's). */
export const DICE_SMOOTH = 1e-5;

/** Added to the score between two tokens that must not attend to each other (MONAI's). */
export const MASKED_SCORE = -100;

/** Added to the gradient norm before dividing by it, as in PyTorch's `clip_grad_norm_`. */
export const CLIP_EPSILON = 1e-6;
