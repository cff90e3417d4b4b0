// The faces of the console, served by ourselves: Geist, which comes with Next (SIL Open Font License 1.1).
import localFont from 'next/font/local';

export const textFont = localFont({
  src: '../node_modules/next/dist/next-devtools/server/font/geist-latin.woff2',
  variable: '--font-text',
  weight: '100 900',
  display: 'swap',
});

export const codeFont = localFont({
  src: '../node_modules/next/dist/next-devtools/server/font/geist-mono-latin.woff2',
  variable: '--font-code',
  weight: '100 900',
  display: 'swap',
  preload: false,
});
