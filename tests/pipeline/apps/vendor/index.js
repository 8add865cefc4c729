// A vendor's function in small: it reads its variables and posts each message as a line, and that is all.
const zlib = require('zlib');

const { env } = process;
const names = env.VARIABLES.split(' ');
const [key, url, hostname, tags, raw] = names.map((name) => env[name]);

exports.handler = async (event) => {
  const payload = JSON.parse(zlib.gunzipSync(Buffer.from(event.awslogs.data, 'base64')));
  if (payload.messageType !== 'DATA_MESSAGE') return;
  const query = new URLSearchParams({ hostname: hostname || payload.logGroup, ...(tags && { tags }) });
  const lines = payload.logEvents.map(({ timestamp, message }) => ({
    line: raw === 'true' ? message : JSON.stringify({ message }), timestamp, app: 'vendor',
  }));
  const answer = await fetch(`${url}?${query}`, {
    method: 'POST', headers: { apikey: key, 'content-type': 'application/json' }, body: JSON.stringify({ lines }),
  });
  if (!answer.ok) throw new Error(`Mezmo answered ${answer.status}`);
};
