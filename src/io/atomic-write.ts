let written = 0;

/**
 * Replaces the file by one with these bytes, or leaves it as it was: whoever reads it sees all of the old or all of the
 * new, even after a crash. The bytes go to a temporary file in the same folder, which takes the name of the old one
 * when the disk has them; when anything fails it is removed.
 */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const { open, rename, rm } = await import("node:fs/promises");
  const temporary = `${path}.${process.pid}.${written++}.part`;
  try {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
