// What the line of a file says.
const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

export const size = (bytes) => {
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log(bytes) / Math.log(1024)), 4);
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
};

export const timeLeft = (seconds) => {
  if (seconds === null) return "";
  if (seconds < 60) return `, ${Math.ceil(seconds)} s left`;
  if (seconds < 5400) return `, ${Math.ceil(seconds / 60)} min left`;
  return `, ${(seconds / 3600).toFixed(1)} h left`;
};

export const words = (transfer) => {
  const total = size(transfer.file.size);
  const share = transfer.file.size ? Math.floor((100 * transfer.sent) / transfer.file.size) : 0;
  const speed = transfer.rate ? ` · ${size(transfer.rate)}/s${timeLeft(transfer.secondsLeft)}` : "";
  const news = transfer.news && ` · ${transfer.news}`;
  return {
    queued: `${total} · Waiting for its turn`,
    sending: `${total} · ${share} %${speed}${news}`,
    waiting: `${total} · ${share} % · Waiting for the connection, nothing is lost`,
    paused: `${total} · ${share} % · Paused`,
    failed: `${total} · ${transfer.reason}`,
    done: `${total} · Arrived`,
  }[transfer.state];
};
