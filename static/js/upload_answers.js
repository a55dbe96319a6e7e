// What the answers of the server mean for a file on its way.

// Another try, a little later, can heal it.
export const canWait = (status) =>
  [0, 409, 423, 460].includes(status) || (status >= 500 && status !== 507);

// Too many at once, from here or from this practice: the answer says when there is room again.
const isOneTooMany = (response) =>
  response?.getStatus() === 429 && Boolean(response.getHeader("Retry-After"));

export const isHealed = (response) =>
  canWait(response ? response.getStatus() : 0) || isOneTooMany(response);

export const sentence = (response) => {
  if (!response) return "There is no connection. What has arrived is kept: press Resume.";
  const plain = (response.getHeader("Content-Type") || "").startsWith("text/plain");
  if (plain) return response.getBody();
  return "The server refused this file. Please reload the page and choose it again.";
};
