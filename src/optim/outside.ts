/** What to do about learning rates, said by everything that changes them. */
export const outsideOnly =
  "a compiled function reads the learning rate at each call, but cannot change it; do so outside, between calls";
