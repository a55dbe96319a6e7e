export const read = async (entries, { found }) => {
  found(
    entries.map(({ file, path }, key) => ({
      key: `${key}`,
      name: file.name,
      folder: path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "",
      count: 1,
      size: file.size,
      file,
      heads: null,
    })),
    [],
  );
};
