import { describe, expect, it } from 'vitest';
import { EnvironmentError, readEnvironment } from './env.ts';

const good = {
  DATABASE_URL: 'postgres://app:hunter2@127.0.0.1:5432/app',
  NEXTAUTH_URL: 'http://localhost:3000',
  NEXTAUTH_SECRET: 'x'.repeat(32),
};

describe('the environment', () => {
  it('reads what is there and fills in the rest', () => {
    expect(readEnvironment('web', good)).toMatchObject({ LANDFALL_LAB: false, LOG_LEVEL: 'info', PORT: 3000 });
    expect(readEnvironment('web', { ...good, LANDFALL_LAB: '1', PORT: '8080' })).toMatchObject({
      LANDFALL_LAB: true,
      PORT: 8080,
    });
  });

  it('names everything that is missing at once', () => {
    expect(() => readEnvironment('web', { NEXTAUTH_SECRET: '' })).toThrow(EnvironmentError);
    try {
      readEnvironment('web', {});
    } catch (error) {
      for (const name of Object.keys(good)) expect((error as Error).message).toContain(name);
    }
  });

  it('says what is wrong with an address that is none', () => {
    expect(() => readEnvironment('worker', { ...good, LANDFALL_PUBLIC_URL: 'landfall.example.com' })).toThrow(
      /LANDFALL_PUBLIC_URL must be the address under which people open the console/,
    );
  });

  it.each([
    [{ LANDFALL_TRUSTED_PROXIES: '10.0.0.0/33' }, /LANDFALL_TRUSTED_PROXIES must list addresses or ranges/],
    [{ LANDFALL_TRUSTED_PROXIES: '0.0.0.0/0' }, /LANDFALL_TRUSTED_PROXIES must name your proxies/],
    [{ LANDFALL_TLS_CERT: '/cert.pem' }, /LANDFALL_TLS_KEY and LANDFALL_TLS_CERT must be set together/],
    [{ LANDFALL_HTTP_REDIRECT_PORT: '80' }, /LANDFALL_HTTP_REDIRECT_PORT leads to HTTPS: LANDFALL_PUBLIC_URL/],
  ])('does not start the web with %o', (wrong, sentence) => {
    expect(() => readEnvironment('web', { ...good, ...wrong })).toThrow(sentence);
  });

  it('does not ask the worker for what only the web needs', () => {
    expect(readEnvironment('worker', { DATABASE_URL: good.DATABASE_URL })).toMatchObject({ LOG_LEVEL: 'info' });
  });

  it('never repeats a value, which may be a secret', () => {
    const values = { DATABASE_URL: 'mysql://hunter2', NEXTAUTH_SECRET: 'short-hunter3', NEXTAUTH_URL: 'hunter4' };
    let message = '';
    try {
      readEnvironment('web', values);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain('DATABASE_URL');
    expect(message).not.toContain('hunter');
  });
});
