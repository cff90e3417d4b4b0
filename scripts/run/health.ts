// Whether a console on this machine answers.
import http from 'node:http';
import https from 'node:https';

/** Asks `/api/health`; false where nobody answers within `timeoutMs`. */
export function isHealthy(url: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    // Its certificate is for the public name, and no secret is sent.
    const options = { rejectUnauthorized: false, signal: AbortSignal.timeout(timeoutMs), agent: false } as const;
    const asked = url.startsWith('https:') ? https.get(url, options) : http.get(url, options);
    asked.on('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on('error', () => resolve(false));
  });
}
