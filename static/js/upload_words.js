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

/* "58 of 260 MB", in the unit of the whole. */
export const amount = (sent, total) => {
  const [whole, unit] = size(total).split(" ");
  const part = (sent / total) * whole || 0;
  const digits = unit === "bytes" || whole >= 10 ? 0 : 1;
  return `${part.toFixed(digits)} of ${Number(whole).toFixed(digits)} ${unit}`;
};

export const share = (sent, total) => (total ? Math.floor((100 * sent) / total) : 0);

export const words = (transfer) => {
  const { sent, rate, secondsLeft } = transfer;
  const total = size(transfer.file.size);
  const going = `${amount(sent, transfer.file.size)} · ${share(sent, transfer.file.size)} %`;
  const speed = rate ? ` · ${size(rate)}/s${timeLeft(secondsLeft)}` : "";
  const news = transfer.news && ` · ${transfer.news}`;
  return {
    preparing: `${total} · Being read on this computer`,
    queued: `${total} · Waiting for its turn`,
    sending: `${going}${speed}${news}`,
    waiting: `${going} · Waiting for the connection, nothing is lost`,
    paused: `${going} · Paused`,
    failed: `${total} · ${transfer.reason}`,
    done: `${total} · Arrived`,
  }[transfer.state];
};
