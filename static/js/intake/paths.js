// Of "CD/DICOM/IM0001": where a chosen file lay.
export const topOf = (path) => (path.includes("/") ? path.split("/")[0] : "");
export const folderOf = (path) => path.slice(0, Math.max(path.lastIndexOf("/"), 0));
