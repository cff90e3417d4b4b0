import type { Metadata, Viewport } from 'next';
import { cookies, headers } from 'next/headers';
import type { ReactNode } from 'react';
import { EARLY_CLICK_SCRIPT } from './early-click.ts';
import { codeFont, textFont } from './fonts.ts';
import './globals.css';
import { asTheme, DARK_CLASS, SYSTEM_THEME_SCRIPT, THEME_COOKIE } from './theme.ts';

export const metadata: Metadata = {
  title: { default: 'Landfall', template: '%s · Landfall' },
  description: 'Moves servers to AWS, run by run.',
};

export const viewport: Viewport = { width: 'device-width', initialScale: 1 };

/** Every page depends on who asks; tried at build time, they would only fail. */
export const dynamic = 'force-dynamic';

export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get('x-nonce') ?? undefined;
  const theme = asTheme((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <html lang="en" className={`${textFont.variable} ${codeFont.variable}`}>
      <head>
        {/* Cloudscape's own style elements take their nonce from here. */}
        <meta name="nonce" content={nonce} suppressHydrationWarning />
      </head>
      {/* The script below may have added the class before React sees the body. */}
      <body className={theme === 'dark' ? DARK_CLASS : undefined} suppressHydrationWarning>
        {theme === 'system' && (
          <script
            nonce={nonce}
            suppressHydrationWarning
            // biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of ours
            dangerouslySetInnerHTML={{ __html: SYSTEM_THEME_SCRIPT }}
          />
        )}
        <script
          nonce={nonce}
          suppressHydrationWarning
          // biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of ours
          dangerouslySetInnerHTML={{ __html: EARLY_CLICK_SCRIPT }}
        />
        {children}
      </body>
    </html>
  );
}
