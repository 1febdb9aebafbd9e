import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FormatError, io, type Tensor } from "../../src/index.ts";

/** Grey images with their classes. */
export interface Images {
  /** [n, 1, height, width], scaled to 0..1. */
  images: Tensor;
  /** [n] int32, 0..classes-1. */
  labels: Tensor;
  height: number;
  width: number;
  classes: number;
}

/** How --data finds its files, for --help. */
export const imageData =
  "IDX file of images, such as MNIST's train-images-idx3-ubyte, or its folder; " +
  "the labels' file is named like the images', with labels for images and idx1 for idx3; .gz is fine";

/**
 * The images and labels at `path`, or the handwritten digits that come along.
 * Of several image files in a folder the one named train... is taken, else the first.
 */
export async function readImages(path: string | null): Promise<Images> {
  const imagesPath = await findImages(path ?? join(__dirname, "..", "data", "digits-images-idx3-ubyte.gz"));
  const labelsPath = join(
    dirname(imagesPath),
    basename(imagesPath).replace("images", "labels").replace("idx3", "idx1"),
  );
  const pixels = await io.readIDX(imagesPath, { dtype: "float32" });
  const labels = await io.readIDX(labelsPath, { dtype: "int32" });
  if (pixels.ndim !== 3 || labels.ndim !== 1 || pixels.shape[0] !== labels.shape[0] || pixels.size === 0) {
    throw new FormatError(
      "readImages",
      `${imagesPath} must hold [n, height, width] images and ${labelsPath} [n] labels, got [${pixels.shape}] and [${labels.shape}]`,
    );
  }
  const [n, height, width] = pixels.shape;
  const images = pixels.div(pixels.max().item() || 1).reshape([n, 1, height, width]);
  return { images, labels, height, width, classes: labels.max().item() + 1 };
}

async function findImages(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return path;
  const found = (await readdir(path)).filter((name) => name.includes("images")).sort();
  if (found.length === 0) throw new FormatError("readImages", `no file in ${path} has "images" in its name`);
  return join(path, found.find((name) => name.startsWith("train")) ?? found[0]);
}
