// The two kinds of findings, as short calls.
import type { Finding } from '../../model/server.ts';

export const blocking = (code: string, title: string, why: string, remedy: string): Finding => ({
  code,
  level: 'blocking',
  title,
  why,
  remedy,
});
export const warning = (code: string, title: string, why: string, remedy: string): Finding => ({
  ...blocking(code, title, why, remedy),
  level: 'warning',
});
